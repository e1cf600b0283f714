/**
 * What differs between releases of SC&MP for hosts. Source: tags 3.1.0 to 3.4.1 and version 4.0.0 of
 * spinnaker_tools, of which the table in `docs/monitor.md` says more.
 */

/** Properties of one release. */
export interface Release {
  /** Replies of commands that were refused say RC_OK: `return_msg_ok` overwrites the code. */
  readonly hidesRefusals: boolean;
  /** Cores are counted by CMD_SIG, region by region; later ones have CMD_COUNT. */
  readonly countsBySignal: boolean;
  /** A count by signal to which no chip listens is refused; before, it was 0. */
  readonly refusesUnheardCounts: boolean;
  /** Has CMD_COUNT, CMD_APP_COPY_RUN and CMD_SYNC, and repeatable allocations. */
  readonly hasLaterCommands: boolean;
  /** CMD_INFO tells the link towards the root. */
  readonly tellsParentLink: boolean;
  /** IPTags may take their target from the sender. */
  readonly knowsSenders: boolean;
  /** Flood fills start programs only in their region, also without a core-select packet. */
  readonly hasRegions: boolean;
}

const V3_2 = 0x00030200;
const V3_4_1 = 0x00030401;
const V4 = 0x00040000;

/** The release of a version word: major << 16 | minor << 8 | patch. */
export function releaseOf(version: number): Release {
  const isLater = version >= V4;
  return {
    hidesRefusals: isLater,
    countsBySignal: !isLater,
    refusesUnheardCounts: version >= V3_2,
    hasLaterCommands: isLater,
    tellsParentLink: version >= V3_4_1,
    knowsSenders: version >= V3_2,
    hasRegions: !isLater,
  };
}
