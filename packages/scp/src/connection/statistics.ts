/** What went over a connection since it was opened. */
export interface ConnectionStatistics {
  /** Requests sent for the first time. */
  requests: number;
  /** Requests sent again. */
  repeats: number;
  /** Requests answered with RC_OK. */
  answered: number;
  /** Requests that failed, whatever the reason. */
  failed: number;
  /** Times that no answer came in time. */
  timeouts: number;
  /** Requests taken as lost, and sent again at once, since later ones had been answered. */
  overtaken: number;
  /** Answers that said "busy, ask again". */
  busy: number;
  /** Replies that nobody waited for: late, doubled, or from the wrong chip. */
  unexpected: number;
  /** Datagrams that were no valid reply. */
  malformed: number;
  bytesSent: number;
  bytesReceived: number;
  /** Most requests that were on their way at the same time. */
  mostInFlight: number;
}

/** All zero. */
export function newStatistics(): ConnectionStatistics {
  return {
    requests: 0,
    repeats: 0,
    answered: 0,
    failed: 0,
    timeouts: 0,
    overtaken: 0,
    busy: 0,
    unexpected: 0,
    malformed: 0,
    bytesSent: 0,
    bytesReceived: 0,
    mostInFlight: 0,
  };
}
