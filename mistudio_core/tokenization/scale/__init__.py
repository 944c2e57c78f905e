"""One tokenization as pure steps: made by the threads of this machine, or by many machines from one plan."""
