import CPVM

/// evmc_vm::set_option.
func setOption(_ vm: UnsafeMutablePointer<evmc_vm>?, _ name: UnsafePointer<CChar>?, _ value: UnsafePointer<CChar>?) -> evmc_set_option_result {
    guard let vm, let name else { return EVMC_SET_OPTION_INVALID_NAME }
    let instance = EVMC.instance(vm)
    if same(name, "mode") {
        return same(value, "interpreter") || same(value, "auto") ? EVMC_SET_OPTION_SUCCESS : EVMC_SET_OPTION_INVALID_VALUE
    }
    if same(name, "enable_gas_metering") { return set(value) { instance.pointee.isMetered = $0 } }
    if same(name, "cache_bytes") {
        guard let octets = number(value) else { return EVMC_SET_OPTION_INVALID_VALUE }
        CodeCache.setLimit(octets)
        return EVMC_SET_OPTION_SUCCESS
    }
    if same(name, "cache_after") {
        guard let share = number(value), share <= 1000 else { return EVMC_SET_OPTION_INVALID_VALUE }
        CodeCache.setShare(share)
        return EVMC_SET_OPTION_SUCCESS
    }
    if same(name, "analyse_after") {
        guard let count = number(value) else { return EVMC_SET_OPTION_INVALID_VALUE }
        instance.pointee.patience = count
        return EVMC_SET_OPTION_SUCCESS
    }
    if same(name, "trace") {
        return set(value) {
            instance.pointee.isTraced = $0
            instance.tracer.pointee.function = nil
        }
    }
    return EVMC_SET_OPTION_INVALID_NAME
}

private func same(_ text: UnsafePointer<CChar>?, _ word: StaticString) -> Bool {
    guard let text else { return false }
    return word.withUTF8Buffer { UnsafeRawPointer($0.baseAddress.unsafelyUnwrapped).withMemoryRebound(to: CChar.self, capacity: $0.count + 1) { strcmp(text, $0) == 0 } }
}

/// "true" or "false".
private func set(_ value: UnsafePointer<CChar>?, _ body: (Bool) -> Void) -> evmc_set_option_result {
    if same(value, "true") {
        body(true)
    } else if same(value, "false") {
        body(false)
    } else {
        return EVMC_SET_OPTION_INVALID_VALUE
    }
    return EVMC_SET_OPTION_SUCCESS
}

/// Decimal digits alone, below 2^63.
private func number(_ text: UnsafePointer<CChar>?) -> Int? {
    guard var digit = text, digit.pointee != 0 else { return nil }
    var number = 0
    while digit.pointee != 0 {
        guard digit.pointee >= 48, digit.pointee <= 57 else { return nil }
        let (product, tooMuch) = number.multipliedReportingOverflow(by: 10)
        let (sum, tooMuchAgain) = product.addingReportingOverflow(Int(digit.pointee) - 48)
        guard !tooMuch, !tooMuchAgain else { return nil }
        number = sum
        digit += 1
    }
    return number
}
