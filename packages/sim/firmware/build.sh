#!/bin/sh
# Builds the programs into images/, or into the folder that is given. Needs Debian's gcc-arm-none-eabi.
set -e
cd "$(dirname "$0")"
images=$(cd "${1:-images}" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
compile() {
  arm-none-eabi-gcc -c -mcpu=arm968e-s -mthumb -mthumb-interwork -Os -std=c11 -Wall -Wextra -Werror \
    -ffreestanding -fno-builtin -fno-common -Iruntime -o "$out/$(basename "${1%.*}").o" "$1"
}
for source in runtime/*.[cS]; do compile "$source"; done
runtime=$(ls "$out"/*.o)
for source in programs/*; do
  compile "$source"
  name=$(basename "${source%.*}")
  # shellcheck disable=SC2086
  arm-none-eabi-ld --fatal-warnings -T runtime/link.ld -o "$out/$name.elf" $runtime "$out/$name.o"
  arm-none-eabi-objcopy -O binary -j .table -j .text "$out/$name.elf" "$images/$name.aplx"
  chmod 644 "$images/$name.aplx"
done
