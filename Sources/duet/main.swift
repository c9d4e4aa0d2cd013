import DuetTool
print("x")
