import TestSupport

@testable import NodeCore
@testable import NodeServer
@testable import SyncEngine

/// A law that didn't hold for some input.
public struct FuzzFailure: Error, CustomStringConvertible {
    public let description: String

    static func require(_ condition: Bool, _ text: String) throws {
        if !condition { throw FuzzFailure(description: text) }
    }
}

/// What takes bytes from strangers. Any bytes are taken or refused by an error of the kind that callers know, in
/// bounded time and memory, and what is taken is written again as the same bytes where there is one form.
///
/// `make fuzz` drives these with libFuzzer; the tests replay the corpus and some thousand changes of it.
public enum FuzzTarget: String, CaseIterable, Sendable {
    case cbor, cose, header, body, messages, records, signature, json, csv, zip, rules

    /// Throws `FuzzFailure` when a law doesn't hold.
    public func run(_ input: [UInt8]) throws {
        switch self {
        case .cbor: try Self.cbor(input)
        case .cose: try Self.cose(input)
        case .header: try FuzzStore.shared.get().header(input)
        case .body: try FuzzStore.shared.get().body(input)
        case .messages: try Self.messages(input)
        case .records: try Self.records(input)
        case .signature: try Self.signature(input)
        case .json: try Self.json(input)
        case .csv: try Self.csv(input)
        case .zip: try Self.zip(input)
        case .rules: try Self.rules(input)
        }
    }

    private static func cbor(_ input: [UInt8]) throws {
        let item: CBOR
        do { item = try CBOR.decode(input) } catch { return }
        try FuzzFailure.require(item.encoded() == input, "CBOR has two forms of one item")
    }

    private static func cose(_ input: [UInt8]) throws {
        let parsed: COSESign1
        do {
            parsed = try COSESign1.parse(input, contentType: DeltaHeader.contentType, maxBytes: 1 << 16)
        } catch { return }
        do { try parsed.verify(with: FuzzStore.key.publicKey) } catch { return }
        let again = try COSESign1.sign(
            payload: parsed.payload, contentType: DeltaHeader.contentType, with: FuzzStore.key)
        try FuzzFailure.require(again == input, "an envelope verifies in a second form")
    }

    private static func messages(_ input: [UInt8]) throws {
        try message(HelloRequest.self, input)
        try message(PushRequest.self, input)
        try message(PullRequest.self, input)
        try message(HubAnswer.self, input)
        try message(CheckRequest.self, input)
        try message(CheckAnswer.self, input)
        try message(RecallRequest.self, input)
        try message(RecallAnswer.self, input)
        try message(SuccessionRequest.self, input)
        try message(SuccessionAnswer.self, input)
        try message(SnapshotRequest.self, input)
        try message(SnapshotAnswer.self, input)
        try message(WaitRequest.self, input)
        try message(WaitAnswer.self, input)
    }

    private static func message<Message: ExchangeMessage>(_ type: Message.Type, _ input: [UInt8]) throws {
        let message: Message
        do { message = try Message(encoded: input) } catch let error {
            return try known(error)
        }
        let again = try Message(encoded: message.encoded())
        try FuzzFailure.require(again.encoded() == message.encoded(), "\(type) isn't what it says")
    }

    static let formats = [ExchangeFile.format, BackupManifest.format, SnapshotManifest.format]

    /// The first byte says which kind of file. The rest is the whole file, or, with the high bit set, the manifest of
    /// an empty one that was signed by a key that is asked for.
    private static func records(_ input: [UInt8]) throws {
        guard let first = input.first else { return }
        let kind = Int(first & 0x7F) % formats.count, format = formats[kind]
        var bytes = Array(input.dropFirst())
        if first & 0x80 != 0 {
            let envelope = try COSESign1.sign(
                payload: bytes, contentType: format.contentType, with: FuzzStore.key)
            bytes = format.magic + envelope + RecordFormat.length(envelope.count)
        }
        do {
            let reader = try RecordReader(bytes, format, whole: first & 0x80 == 0) { keyID, manifest in
                let signer =
                    kind == 1 ? try BackupManifest.signer(in: manifest) : FuzzStore.key.publicKey
                guard signer.keyID == keyID else { throw RecordReader.damaged }
                return signer
            }
            switch kind {
            case 0: _ = try ExchangeManifest(reader.manifest)
            case 1: _ = try BackupManifest(reader.manifest)
            default: _ = try SnapshotManifest(reader.manifest)
            }
            try reader.forEach { _, record in
                try FuzzFailure.require(record.count <= format.maxRecordBytes, "a record beyond its limit")
            }
        } catch { try known(error) }
    }

    /// Lines of a request's head, an empty one, and its body.
    private static func signature(_ input: [UInt8]) throws {
        let head = input.firstRange(of: [10, 10]).map { Array(input[..<$0.lowerBound]) } ?? input
        let body = input.firstRange(of: [10, 10]).map { Array(input[$0.upperBound...]) } ?? []
        var headers: HeaderList = []
        for line in head.split(separator: 10).dropFirst() {
            let parts = line.split(separator: 58, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            headers.append(
                (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self)))
        }
        let first = String(decoding: head.split(separator: 10).first ?? [], as: UTF8.self)
        let words = first.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let path = words.dropFirst().first ?? "/"
        let parts = RequestParts(
            method: words.first ?? "", path: String(path.prefix { $0 != "?" }),
            query: path.contains("?") ? String(path.drop { $0 != "?" }.dropFirst()) : nil, authority: "hub",
            headers: headers, body: body)
        do {
            let verified = try HTTPSignature.verify(parts, hub: FuzzSeeds.hub, now: 0) { id in
                id == "0102" ? FuzzStore.key.publicKey : nil
            }
            try FuzzFailure.require(verified.keyID == "0102", "a request is verified for another key")
        } catch { try known(error) }
    }

    private static func json(_ input: [UInt8]) throws {
        let value: JSONValue
        do { value = try JSONParser.parse(input) } catch { return }
        let text = value.text
        let again: JSONValue
        do { again = try JSONParser.parse(Array(text.utf8)) } catch {
            throw FuzzFailure(description: "JSON that was written can't be read: \(text)")
        }
        try FuzzFailure.require(again.text == text, "JSON reads otherwise than it was written: \(text)")
        try FuzzFailure.require(
            text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "a control character")
    }

    private static func csv(_ input: [UInt8]) throws {
        do { _ = try RosterSheet.parse(input) } catch {}
        do { _ = try SessionSheet.parse(input) } catch {}
        do { _ = try ReferenceSchoolSheet.parse(input) } catch {}
    }

    private static func zip(_ input: [UInt8]) throws {
        let archive: ZipArchive
        do { archive = try ZipArchive(input) } catch { return }
        for entry in archive.entries.prefix(20) {
            do { _ = try archive.content(entry, maxBytes: 1 << 20) } catch {}
        }
    }

    private static func rules(_ input: [UInt8]) throws {
        let (file, problems) = RuleFile.read(String(decoding: input, as: UTF8.self))
        try FuzzFailure.require(
            (file == nil) == problems.contains(where: \.isError), "rules without a verdict")
        guard let file else { return }
        _ = TenantRules(documents: [
            RuleDocument(domain: file.domain, yaml: String(decoding: input, as: UTF8.self))
        ])
    }

    /// Errors that callers translate; anything else would end as an internal one.
    static func known(_ error: any Error) throws {
        switch error {
        case is FuzzFailure: throw error
        case is DeltaError, is NodeError, is CBORError, is COSEError, is SignatureError: return
        default: throw FuzzFailure(description: "an error that nobody expects: \(error)")
        }
    }
}
