import Foundation
import NodeCore
import Testing

@testable import node_cli

struct OutputTests {
    /// Runs a body with writers on pipes and gives back what went to each.
    private func capture(
        _ format: Output.Format, _ body: (Output) throws -> Void
    ) throws -> (output: String, messages: String) {
        let (out, err) = (Pipe(), Pipe())
        let terminal = Terminal(isOutputTerminal: false, isMessagesTerminal: false)
        try body(
            Output(
                format: format, terminal: terminal,
                writer: OutputWriter(descriptor: out.fileHandleForWriting.fileDescriptor),
                messages: OutputWriter(descriptor: err.fileHandleForWriting.fileDescriptor)))
        let text = try [out, err].map { pipe in
            try pipe.fileHandleForWriting.close()
            return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }
        return (text[0], text[1])
    }

    private let table = Table([.init("Name")], rows: [["Ann"]])
    private let error = NodeError(.held, "7 of 9\u{1B}", hint: "Approve it.", field: "email", row: 3)

    @Test("people get data on standard output and remarks on standard error")
    func human() throws {
        let (output, messages) = try capture(.human) { output in
            let status = try output.finish(
                data: ["n": 1], body: .table(table), warnings: [Notice("OLD", "old")], errors: [error])
            #expect(status == 4)
        }
        #expect(output == "Name\nAnn\n")
        #expect(
            messages
                == "warning: old [OLD]\nerror: row 3, email: 7 of 9\\u{1b} [HELD]\n  hint: Approve it.\n")
    }

    @Test("plain has records alone, and JSON is one object with nothing on standard error")
    func programs() throws {
        #expect(
            try capture(.plain) { try $0.finish(data: nil, body: .table(table)) } == ("Ann\n", ""))
        let (output, messages) = try capture(.json) { output in
            try output.line("not for programs")
            let status = try output.finish(data: ["n": 1], body: .table(table), exitStatus: 3)
            #expect(status == 3)
        }
        #expect(output == #"{"schema":1,"data":{"n":1},"warnings":[],"errors":[]}"# + "\n")
        #expect(messages.isEmpty)
    }

    @Test("a failure is an envelope without data, or a message")
    func failure() throws {
        let failure = NodeError(.corrupt, "bad page")
        let json = try capture(.json) { #expect($0.finish(failure: failure) == 7) }
        #expect(
            json.output.hasPrefix(#"{"schema":1,"data":null,"warnings":[],"errors":[{"code":"CORRUPT""#))
        let human = try capture(.human) { #expect($0.finish(failure: failure) == 7) }
        #expect(human == ("", "error: bad page [CORRUPT]\n"))
    }

    @Test("a reader that goes away closes the writer quietly")
    func brokenPipe() throws {
        OutputWriter.ignoreBrokenPipes()
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let writer = OutputWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        try writer.write("lost")
        #expect(writer.isClosed)
        try writer.write("lost too")
    }

    @Test(
        "a full disk and a bad descriptor are storage errors",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func storage() throws {
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let first = #expect(throws: NodeError.self) {
            try OutputWriter(descriptor: full.fileDescriptor).write("x")
        }
        #expect(first?.code == .storageFull)
        let second = #expect(throws: NodeError.self) { try OutputWriter(descriptor: -1).write("x") }
        #expect(second?.code == .storage)
    }

    @Test("a text larger than a pipe holds arrives whole, on a descriptor that doesn't block too")
    func large() async throws {
        let pipe = Pipe()
        let text = String(repeating: "é", count: 300_000)
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        let handle = pipe.fileHandleForReading
        async let received = Self.count(handle)
        try OutputWriter(descriptor: descriptor).write(text)
        try pipe.fileHandleForWriting.close()
        #expect(try await received == 600_000)
    }

    private static func count(_ handle: FileHandle) async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try handle.readToEnd()?.count ?? 0 })
            }
        }
    }
}
