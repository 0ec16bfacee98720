import Foundation
import FuzzTargets

// The entry points that libFuzzer calls. Which target is fuzzed says FUZZ_TARGET; with `FUZZ_SEEDS=FOLDER` its
// seeds are written there before it begins.

private let target: FuzzTarget = {
    let environment = ProcessInfo.processInfo.environment
    guard let target = environment["FUZZ_TARGET"].flatMap(FuzzTarget.init) else {
        let known = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        FileHandle.standardError.write(Data("set FUZZ_TARGET to one of \(known)\n".utf8))
        exit(2)
    }
    guard let folder = environment["FUZZ_SEEDS"] else { return target }
    do {
        for (number, seed) in try FuzzSeeds.of(target).enumerated() {
            try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(number)"))
        }
    } catch {
        FileHandle.standardError.write(Data("the seeds can't be written: \(error)\n".utf8))
        exit(2)
    }
    return target
}()

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
    _ = target
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    do { try target.run(Array(UnsafeBufferPointer(start: bytes, count: count))) } catch {
        // libFuzzer keeps the input of a process that ends so.
        preconditionFailure("\(error)")
    }
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

/// SwiftPM calls the main function of a product by this name.
@_cdecl("fuzz_main")
public func main(
    _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    var count = count, arguments = arguments
    return runDriver(&count, &arguments) { testOneInput($0, $1) }
}
