// Every encoding of the assembler over generated operands. Writes the code and the text that a disassembler should show for it.

var list = Listing()
moves(&list)
arithmetic(&list)
shifts(&list)
bitCounts(&list)
control(&list)
try list.write(to: CommandLine.arguments[1])
