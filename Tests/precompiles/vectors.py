"""go-ethereum's vectors of the curves: results, gas and failures."""
import json
import os
import subprocess
import tempfile

FILES = {"bn256Add": 6, "bn256ScalarMul": 7, "bn256Pairing": 8, "pointEvaluation": 10, "blsG1Add": 11, "blsG1Mul": 12, "blsG1MultiExp": 12,
         "blsG2Add": 13, "blsG2Mul": 14, "blsG2MultiExp": 14, "blsPairing": 15, "blsMapG1": 16, "blsMapG2": 17}


def check(library, random, expect):
    vectors = os.environ.get("DUET_VECTORS", "../shared/vectors")
    if not os.path.exists(os.path.join(vectors, "unpack")):
        print(f"vectors: none in {vectors}")
        expect("vectors", None, None, "")
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = os.path.join(vectors, "evm", "precompiles.tar.xz")
        subprocess.run(["tar", "-C", folder, "-xJf", archive], check=True)
        for name, number in FILES.items():
            for prefix in ("", "fail-"):
                path = os.path.join(folder, "precompiles", f"{prefix}{name}.json")
                if not os.path.exists(path):
                    continue
                for case in json.load(open(path)):
                    data = bytes.fromhex(case["Input"])
                    status, output, used = library.call(number, data)
                    if prefix:
                        expect(name, status, "failure", case["Name"])
                    else:
                        expect(name, (status, output.hex()), ("success", case["Expected"]), case["Name"])
                        if case.get("Gas"):
                            expect(name + " gas", used, case["Gas"], case["Name"])
