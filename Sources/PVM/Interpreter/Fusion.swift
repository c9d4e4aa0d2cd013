extension Program {
    mutating func fuse() {}
}
