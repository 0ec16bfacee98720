import Foundation
import FuzzTargets
import TestSupport
import Testing

/// What fuzzing found worth keeping, and some hundred changes of it, which nothing but a known error may answer.
/// `FUZZ_RUNS=n` tries more; `make fuzz` lets libFuzzer search.
@Suite struct FuzzCorpusTests {
    private static func corpus(_ target: FuzzTarget) throws -> [[UInt8]] {
        // Git keeps no empty folders: a target of which nothing was kept yet has none.
        let corpus = Vectors.root("Corpus")
        let folders = try FileManager.default.contentsOfDirectory(atPath: corpus.path)
        let folder = corpus.appending(path: target.rawValue)
        let names =
            folders.contains(target.rawValue)
            ? try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() : []
        let kept = try names.map { Array(try Data(contentsOf: folder.appending(path: $0))) }
        return try kept + FuzzSeeds.of(target)
    }

    @Test(
        "the corpus and changes of it are taken or refused, each by a known error",
        arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let inputs = try Self.corpus(target)
        #expect(inputs.count > 1 || target == .zip || target == .signature)
        for input in inputs { try target.run(input) }
        let runs = ProcessInfo.processInfo.environment["FUZZ_RUNS"].flatMap { Int($0) } ?? 400
        var generator = SeededGenerator(seed: SeededGenerator.seed(default: 11))
        for _ in 0..<runs {
            var input = inputs[generator.dice(inputs.count)]
            for _ in 0...generator.dice(4) { Self.change(&input, inputs, &generator) }
            do { try target.run(input) } catch {
                Issue.record("\(error); the input is \(input.map { String($0, radix: 16) })")
                return
            }
        }
    }

    /// One change as fuzzers make them.
    private static func change(
        _ input: inout [UInt8], _ others: [[UInt8]], _ generator: inout SeededGenerator
    ) {
        guard !input.isEmpty else { return input = [UInt8(generator.dice(256))] }
        let place = generator.dice(input.count)
        switch generator.dice(6) {
        case 0: input[place] ^= 1 << UInt8(generator.dice(8))
        case 1: input[place] = [0, 1, 0x7F, 0x80, 0xFF, 0x1B, 0x5F, 0x9F][generator.dice(8)]
        case 2: input.removeSubrange(place..<min(input.count, place + 1 + generator.dice(8)))
        case 3: input.insert(contentsOf: generator.bytes(1 + generator.dice(8)), at: place)
        case 4: input.insert(contentsOf: input[place...].prefix(generator.dice(64)), at: place)
        default:
            let other = others[generator.dice(others.count)]
            let from = generator.dice(max(1, other.count))
            input.insert(contentsOf: other[min(from, other.count)...].prefix(64), at: place)
        }
    }
}
