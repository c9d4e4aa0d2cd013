#!/usr/bin/env python3
"""faulthandler_test.py LIBPVM_SO: guarded VMs in a Python with faulthandler enabled. Each case is a process (guests.py)."""
import os
import signal
import subprocess
import sys
import unittest

LIBRARY = sys.argv.pop(1) if len(sys.argv) > 1 else "build/libpvm.so"
GUESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guests.py")


def process(mode):
    return subprocess.run([sys.executable, GUESTS, LIBRARY, mode], capture_output=True, text=True, timeout=120)


class GuestFaults(unittest.TestCase):
    """Python goes on, and nothing is reported."""

    def goes_well(self, mode):
        result = process(mode)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "guests: fine\n", ""))

    def test_enabled_before(self):
        self.goes_well("before")

    # faulthandler reports a fault as fatal before it hands it on: it must not come to see those of guests.
    def test_enabled_after_the_first_guest(self):
        self.goes_well("after")

    def test_disabled_and_enabled_again(self):
        self.goes_well("between")


class HostFaults(unittest.TestCase):
    """faulthandler reports them, and the process dies of them."""

    def is_reported(self, mode, function):
        result = process(mode)
        self.assertEqual(result.returncode, -signal.SIGSEGV, result.stderr)
        self.assertIn("Fatal Python error: Segmentation fault", result.stderr)
        self.assertIn("most recent call first", result.stderr)
        self.assertIn(f"in {function}", result.stderr)
        self.assertNotIn("guests: fine", result.stdout)
        return result.stderr

    def test_null_read(self):
        self.is_reported("null", "null_read")

    def test_null_read_in_a_host_call(self):
        self.is_reported("callback", "null_read")

    def test_null_read_beside_guests(self):
        report = self.is_reported("thread", "null_read")
        self.assertGreater(report.count("Thread 0x"), 1)  # all threads are in it


if __name__ == "__main__":
    unittest.main()
