/** A whole training session: a model on an engine, trained, tested, saved and reported. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeModel } from '../model/model-file.js';
import { reportPage } from '../report/report.js';
import { columns } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { showTraining } from '../view/training-view.js';
import type { Viewing } from '../view/viewing.js';
import { type EnginePlace, type ReadyEngine, withEngine } from './engine.js';
import { placementOf } from './placement.js';
import { labelledFigures, reportOf } from './report-of.js';
import { type TrainingFigures, type TrainingRun, train } from './train.js';

/** What to train, and where the results go. */
export interface TrainingSession extends Omit<TrainingRun, 'choice' | 'save'> {
  readonly place: EnginePlace;
  readonly modelFile: string;
  readonly reportFile: string;
  /** Where training is shown as it goes. */
  readonly viewing?: Viewing;
  /** Whether the model is written as TensorFlow.js does. */
  readonly tensorFlowJs?: boolean;
}

/** The object that `train --json` and `demo --json` print. */
export interface TrainingResult extends TrainingFigures {
  /** Placing and routing the network, on this computer; null where nothing was routed. */
  readonly mappingSeconds: number | null;
  readonly modelFile: string;
  readonly reportFile: string;
}

/** Trains, tests, saves and reports, and says how it goes. */
export async function trainAndSave(
  session: TrainingSession,
  terminal: Terminal,
): Promise<TrainingResult> {
  const { modelFile, reportFile, model } = session;
  for (const file of [modelFile, reportFile]) await mkdir(dirname(file), { recursive: true });
  return withEngine(session.place, terminal, async (engine) => {
    await using _ = model;
    const { viewing } = session;
    await using _watching = engine.watched && viewing?.watch(engine.watched);
    const run = viewing
      ? shownRun(session, viewing, engine)
      : { ...session, choice: engine.choice };
    const save = async () => {
      await writeModel(modelFile, model, session.tensorFlowJs);
      return modelFile;
    };
    const outcome = await train({ ...run, save }, terminal);
    const page = reportPage(reportOf(run, engine, outcome));
    await writeFile(reportFile, page);
    const mappingSeconds = placementOf(model)?.mappingSeconds ?? null;
    const others = [
      ...(mappingSeconds === null
        ? []
        : [['placed and routed in', `${mappingSeconds.toFixed(2)} s`]]),
      ['trained model', modelFile],
      ['report', reportFile],
    ];
    for (const line of columns([...labelledFigures(outcome.figures, run), ...others]))
      terminal.say(line);
    return { ...outcome.figures, mappingSeconds, modelFile, reportFile };
  });
}

/** The run of a session, told to those who watch. */
function shownRun(session: TrainingSession, viewing: Viewing, engine: ReadyEngine): TrainingRun {
  const { model, epochs, batchSize, training } = session;
  const batches = Math.ceil(training.count / batchSize);
  const title = `${model.name} on ${engine.name}`;
  const placement = () => placementOf(model);
  const hooks = showTraining({ title, epochs, batches, placement }, viewing.tell);
  return { ...session, choice: engine.choice, hooks };
}
