import NodeCore

/// A message's map with typed, complaining access. Throws `DeltaError`.
struct MessageMap {
    private let map: CBOR

    init(_ bytes: [UInt8]) throws {
        do { map = try CBOR.decode(bytes, limits: ExchangeLimits.cbor) } catch {
            throw DeltaError.malformed("message: \(error)")
        }
        let version = try int(1)
        guard version == ExchangeLimits.version else { throw DeltaError.unknownVersion(version) }
    }

    subscript(_ key: Int) -> CBOR? { map[key] }

    func int(_ key: Int) throws -> Int64 {
        guard let value = map[key]?.intValue else { throw DeltaError.malformed("message key \(key)") }
        return value
    }

    func int(_ key: Int, in range: ClosedRange<Int64>) throws -> Int64 {
        let value = try int(key)
        guard range.contains(value) else { throw DeltaError.malformed("message key \(key) is \(value)") }
        return value
    }

    func text(_ key: Int) throws -> String {
        guard let value = map[key]?.textValue, value.utf8.count <= 1024 else {
            throw DeltaError.malformed("message key \(key)")
        }
        return value
    }

    func bytes(_ key: Int) throws -> [UInt8] {
        guard let value = map[key]?.bytesValue else { throw DeltaError.malformed("message key \(key)") }
        return value
    }

    func value<T>(_ key: Int, _ make: ([UInt8]) -> T?) throws -> T {
        guard let value = map[key]?.bytesValue.flatMap(make) else {
            throw DeltaError.malformed("message key \(key)")
        }
        return value
    }

    func value<T>(_ key: Int, text make: (String) -> T?) throws -> T {
        guard let value = map[key]?.textValue.flatMap(make) else {
            throw DeltaError.malformed("message key \(key)")
        }
        return value
    }

    func optional<T>(_ key: Int, _ make: ([UInt8]) -> T?) throws -> T? {
        if map[key] == nil { return nil }
        return try value(key, make)
    }

    func heads(_ key: Int) throws -> [ChainHead] {
        guard let items = map[key] else { return [] }
        guard let heads = items.arrayValue, heads.count <= DeltaLimits.maxSeen else {
            throw DeltaError.malformed("message key \(key)")
        }
        return try heads.map(ChainHead.init(cbor:))
    }

    /// Names a statement of the hub's keys, or is empty; nil from a node that knows of none.
    func mark(_ key: Int) throws -> [UInt8]? {
        guard let mark = try optional(key, { $0 }) else { return nil }
        guard mark.isEmpty || mark.count == 32 else { throw DeltaError.malformed("message key \(key)") }
        return mark
    }

    func statements(_ key: Int) throws -> [[UInt8]] {
        guard let items = map[key] else { return [] }
        guard let statements = items.arrayValue?.map(\.bytesValue),
            statements.count <= HubIdentity.maxStatements,
            statements.allSatisfy({ ($0?.count ?? .max) <= HubKeyStatement.maxBytes })
        else { throw DeltaError.malformed("message key \(key)") }
        return statements.compactMap { $0 }
    }

    func runs(_ key: Int) throws -> [LogRun] {
        guard let items = map[key] else { return [] }
        guard let runs = items.arrayValue, runs.count <= ExchangeLimits.maxEntries + 1 else {
            throw DeltaError.malformed("message key \(key)")
        }
        return try runs.map(LogRun.init(cbor:))
    }

    func frames(_ key: Int) throws -> [DeltaFrame] {
        guard let items = map[key]?.arrayValue, items.count <= ExchangeLimits.maxEntries else {
            throw DeltaError.malformed("message key \(key)")
        }
        return try items.map(DeltaFrame.init(cbor:))
    }

    func entries(_ key: Int) throws -> [LogEntry] {
        guard let items = map[key]?.arrayValue, items.count <= ExchangeLimits.maxEntries else {
            throw DeltaError.malformed("message key \(key)")
        }
        return try items.map { item in
            guard let bytes = item.bytesValue else { return .delta(try DeltaFrame(cbor: item)) }
            return .document(bytes)
        }
    }
}

extension DeltaFrame {
    /// A substitute without its signed statement is refused by whoever gets it; `sealed` adds that.
    var cbor: CBOR {
        guard case .signed(let statement) = redaction else {
            return .array([.bytes(envelope), .bytes(body)])
        }
        return .array([.bytes(envelope), .bytes(body), .bytes(statement)])
    }

    init(cbor: CBOR) throws {
        guard let parts = cbor.arrayValue, (2...3).contains(parts.count),
            let envelope = parts[0].bytesValue, let body = parts[1].bytesValue
        else { throw DeltaError.malformed("frame") }
        var redaction: Redaction?
        if parts.count == 3 {
            guard let statement = parts[2].bytesValue, statement.count <= RedactionStatement.maxBytes else {
                throw DeltaError.malformed("frame")
            }
            redaction = .signed(statement)
        }
        self.init(envelope: envelope, body: body, redaction: redaction)
    }
}

extension ChainHead {
    var cbor: CBOR { .array([.bytes(origin.bytes), .int(seq), .bytes(hash.bytes)]) }

    init(cbor: CBOR) throws {
        guard let parts = cbor.arrayValue, parts.count == 3,
            let origin = parts[0].bytesValue.flatMap({ OriginID(bytes: $0) }), let seq = parts[1].intValue,
            (1...DeltaLimits.maxSequence).contains(seq),
            let hash = parts[2].bytesValue.flatMap({ Hash(bytes: $0) })
        else { throw DeltaError.malformed("chain head") }
        self.init(origin: origin, seq: seq, hash: hash)
    }
}

extension [[UInt8]] {
    /// Nil, and so left out, where there are none.
    var statementsCBOR: CBOR? { isEmpty ? nil : .array(map { .bytes($0) }) }
}

extension LogRun {
    var cbor: CBOR { .array([.int(position), .int(seq), .int(count)]) }

    init(cbor: CBOR) throws {
        let range = 1...DeltaLimits.maxSequence
        guard let parts = cbor.arrayValue, parts.count == 3, let position = parts[0].intValue,
            let seq = parts[1].intValue, let count = parts[2].intValue,
            [position, seq, count].allSatisfy(range.contains)
        else { throw DeltaError.malformed("log run") }
        self.init(position: position, seq: seq, count: count)
    }
}

extension LogEntry {
    /// What it weighs on the wire, without framing.
    var byteCount: Int {
        switch self {
        case .document(let bytes): bytes.count
        case .delta(let frame): frame.byteCount
        }
    }

    /// A certificate is its bytes, a delta an array of envelope and body.
    var cbor: CBOR {
        switch self {
        case .document(let bytes): .bytes(bytes)
        case .delta(let frame): frame.cbor
        }
    }
}

extension [DeltaFrame] {
    var cbor: CBOR { .array(map(\.cbor)) }
}
