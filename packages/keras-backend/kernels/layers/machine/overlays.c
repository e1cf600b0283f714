/*
 * Code of operations that takes turns behind the code that is always there. All of it lies in the chip's SDRAM, and
 * comes by DMA when an operation of it begins. The ARM968 has no caches, and the monitor runs images that came the same
 * way at once (img_cp_exe of SC&MP), so nothing else is needed before it is called.
 */
#include "../platform.h"
#include "machine.h"

extern uint8_t overlay_start[], overlay_end[]; /* link.ld */

static uint32_t present; /* offset of the overlay that is there, 0 when none is */

static _Noreturn void refuse(const char *what) {
  print("layers: ");
  print(what);
  print("\n");
  run_time_error(ERROR_SOFTWARE);
}

void overlays_setup(void) {
  const OverlaysHeader *header = (const OverlaysHeader *)config.overlays;
  if (header == NULL || header->magic != OVERLAYS_MAGIC || header->kinds != KIND_COUNT) {
    refuse("the overlays are missing or of another version");
  }
}

void bring_code(uint32_t kind) {
  OverlayEntry entry = ((const OverlayEntry *)(config.overlays + sizeof(OverlaysHeader)))[kind];
  if (entry.bytes == 0 || entry.offset == present) {
    return;
  }
  if (entry.bytes > (uint32_t)(overlay_end - overlay_start)) {
    refuse("an overlay has more bytes than its place");
  }
  uint32_t errors = dma_errors;
  transfer_in(overlay_start, config.overlays + entry.offset, entry.bytes);
  if (dma_errors != errors) {
    refuse("an overlay did not arrive");
  }
  present = entry.offset;
}
