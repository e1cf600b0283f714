#include "elements.h"

#ifndef __wasm__
#define ELEMENTS
#include "elements.inc"
#endif
