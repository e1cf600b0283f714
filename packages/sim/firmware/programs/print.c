/* Prints as many lines as user0 says. */
#include "runtime.h"

const char program_name[16] = "print";

void main(void) {
  for (uint32_t line = 1; line <= block->user[0]; line++) {
    print("line ");
    print_decimal(line);
    print(" of core ");
    print_decimal(core);
    print("\n");
  }
}
