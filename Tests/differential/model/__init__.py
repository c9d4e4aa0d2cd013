"""A slow reference model of the PVM, written line by line from the Gray Paper's appendices A and B.

It exists to be compared with the library, so it shares nothing with it: pure Python, no tables from elsewhere, and the
form of the paper's equations wherever Python has one. Where the test vectors settle what the paper leaves loose, a comment
beginning with "Settled" says so.

  bits.py      numbers: signed, unsigned, sign extension
  isa.py       opcode numbers, names and operand forms of both instruction sets
  blob.py      naturals, deblob, standard programs (function Y)
  program.py   skip, opcode, basic blocks, operand decoding
  ram.py       pages, rights, the memory exception
  alu.py       what register instructions compute
  pipeline.py  the 0.8.0 gas cost of a basic block
  machine.py   Psi_1, Psi, and how runs are resumed
  prices.py    what host calls cost
  host.py      host calls: unknown, gas, grow_heap, the six of inner machines, Psi_M
"""
