/* Sends messages to port 1 back to where they came from, until one to port 7 ends the program. user0: messages. */
#include "runtime.h"

const char program_name[16] = "echo";

static struct message message;

static void swap_ends(void) {
  uint8_t port = message.destination_port;
  uint16_t chip = message.destination;
  message.destination_port = message.source_port;
  message.destination = message.source;
  message.source_port = port;
  message.source = chip;
}

void main(void) {
  uint32_t port = 0;
  while (port != 7) {
    while (!take_message(&message)) wait_for_interrupt();
    port = message.destination_port >> 5;
    block->user[0]++;
    swap_ends();
    if (port == 1) send_message(&message);
  }
}
