/** Boots a virtual SpiNN-5 in this process and uses its memory. Run: node examples/drive-a-machine.mjs */
import { describeMachine, discoverMachine } from '@spin-tools/machine-model';
import { MachineController } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';

const virtual = new VirtualMachine({ board: 'spin5', deadChips: [{ x: 3, y: 3 }] });
const controller = new MachineController({
  scp: virtual.scpTransport(),
  boot: virtual.bootTransport(),
});

const { name, version } = await controller.boot();
console.log(`${name} ${version}: ${describeMachine(await discoverMachine(controller))}`);

const chip = { x: 7, y: 7 };
const address = await controller.allocateSdram(chip, 1024, { appId: 30 });
await controller.write(chip, address, new TextEncoder().encode('far away'));
const text = new TextDecoder().decode(await controller.read(chip, address, 8));
console.log(`chip (7, 7) at 0x${address.toString(16)}: ${text}`);

await controller.close();
await virtual.close();
