import Testing

@testable import NodeCore

/// What a hub says of its keys, and who may say it.
@Suite struct HubIdentityTests {
    private let first: SigningKey, second: SigningKey, third: SigningKey
    private let recovery: SigningKey, thief: SigningKey

    init() throws {
        func key(_ byte: UInt8) throws -> SigningKey {
            try SigningKey(seed: [UInt8](repeating: byte, count: 32))
        }
        (first, second, third) = (try key(1), try key(2), try key(3))
        (recovery, thief) = (try key(9), try key(66))
    }

    /// A statement after what is known, by whomever.
    private func statement(
        _ reason: HubKeyStatement.Reason, after known: HubIdentity, to key: SigningKey,
        recovery: PublicKey? = nil, at issuedAt: Int64 = 1, by signer: SigningKey
    ) throws -> [UInt8] {
        try HubKeyStatement.make(
            after: known, to: key, recovery: recovery, reason: reason, issuedAt: issuedAt, signedBy: signer
        ).bytes
    }

    private func following(_ known: HubIdentity, _ statements: [[UInt8]]) throws -> HubIdentity {
        var next = known
        try next.follow(statements)
        return next
    }

    /// A hub that named a recovery key.
    private func announced() throws -> HubIdentity {
        let plain = HubIdentity(key: first.publicKey)
        return try following(
            plain,
            [statement(.recoveryKey, after: plain, to: first, recovery: recovery.publicKey, by: first)])
    }

    private func refuses(_ known: HubIdentity, _ statement: [UInt8], _ why: Comment) {
        let error = #expect(throws: NodeError.self, why) { try following(known, [statement]) }
        #expect(error?.code == .verificationFailed, why)
    }

    @Test("the present key names its successor; what the one before signed stays known")
    func rotation() throws {
        let known = try announced()
        let rotated = try following(
            known, [statement(.rotation, after: known, to: second, recovery: known.recovery, by: first)])
        #expect(rotated.key == second.publicKey && rotated.former == [first.publicKey])
        #expect(rotated.recovery == recovery.publicKey)
        #expect(try following(known, rotated.statements(after: known.mark)) == rotated)
        #expect(
            try following(rotated, rotated.statements(after: [])) == rotated, "known ones are passed over")
        #expect(try HubIdentity(encoded: rotated.encoded()) == rotated)
    }

    @Test("nobody else names a successor, a recovery key, or a key that isn't there")
    func strangers() throws {
        let plain = HubIdentity(key: first.publicKey), known = try announced()
        for base in [plain, known] {
            refuses(
                base, try statement(.rotation, after: base, to: thief, recovery: base.recovery, by: thief),
                "another key names itself")
            refuses(
                base, try statement(.recovery, after: base, to: thief, recovery: thief.publicKey, by: thief),
                "a recovery key that nobody named")
        }
        refuses(
            known, try statement(.recoveryKey, after: known, to: first, recovery: thief.publicKey, by: first),
            "the hub's key names another recovery key")
        refuses(
            known, try statement(.rotation, after: known, to: second, recovery: thief.publicKey, by: first),
            "a rotation brings another recovery key along")
        refuses(
            known, try statement(.rotation, after: known, to: second, recovery: known.recovery, by: recovery),
            "the recovery key rotates")
        let rotated = try following(
            known, [statement(.rotation, after: known, to: second, recovery: known.recovery, by: first)])
        refuses(
            rotated, try statement(.rotation, after: known, to: thief, recovery: known.recovery, by: first),
            "a key that was replaced names another successor")
    }

    @Test("the recovery key throws a thief of the hub's key out, who can't prevent it")
    func thrownOut() throws {
        let known = try announced()
        let stolen = try following(
            known,
            [statement(.rotation, after: known, to: thief, recovery: known.recovery, at: .max, by: first)])
        let back = try following(
            stolen,
            [statement(.recovery, after: known, to: second, recovery: known.recovery, at: 5, by: recovery)])
        #expect(back.key == second.publicKey && back.former.contains(thief.publicKey))
        refuses(
            back, try statement(.rotation, after: stolen, to: third, recovery: known.recovery, by: thief),
            "the thief goes on")
        refuses(
            back,
            try statement(.recovery, after: known, to: third, recovery: known.recovery, at: 4, by: recovery),
            "an earlier restore comes back")
        let later = try following(
            back,
            [statement(.recovery, after: known, to: third, recovery: known.recovery, at: 6, by: recovery)])
        #expect(later.key == third.publicKey, "of two restores the later one counts")
    }

    @Test("a hub restored from before it named its recovery key is followed by who knows that key")
    func olderBackup() throws {
        let plain = HubIdentity(key: first.publicKey), known = try announced()
        let restored = try statement(
            .recovery, after: plain, to: second, recovery: recovery.publicKey, at: 9, by: recovery)
        #expect(try following(known, [restored]).key == second.publicKey)
        refuses(plain, restored, "who never heard of the recovery key")
    }

    @Test("who joins later believes the history that leads to the key it knows, and none beside")
    func joining() throws {
        let known = try announced()
        let rotated = try following(
            known, [statement(.rotation, after: known, to: second, recovery: known.recovery, by: first)])
        let all = rotated.statements(after: [])
        for pinned in [first, second] {
            let joined = try following(HubIdentity(key: pinned.publicKey), all)
            #expect(joined.key == second.publicKey && joined.former == [first.publicKey])
            #expect(joined.recovery == recovery.publicKey)
        }
        #expect(throws: NodeError.self) { try following(HubIdentity(key: thief.publicKey), all) }
        #expect(throws: NodeError.self) {
            try following(HubIdentity(key: second.publicKey), Array(all.dropFirst()))
        }
        let made = HubIdentity(key: thief.publicKey)
        let forged = try following(
            made, [statement(.recoveryKey, after: made, to: thief, recovery: thief.publicKey, by: thief)])
        #expect(throws: NodeError.self) {
            try following(HubIdentity(key: second.publicKey), forged.statements(after: []))
        }
    }

    @Test("no flipped bit of a statement is taken, and no other kind of document")
    func flippedBits() throws {
        let known = try announced()
        for reason in [HubKeyStatement.Reason.rotation, .recovery] {
            let whole = try statement(
                reason, after: known, to: second, recovery: known.recovery,
                by: reason == .rotation ? first : recovery)
            #expect(try following(known, [whole]).key == second.publicKey)
            for bit in 0..<whole.count * 8 {
                var bytes = whole
                bytes[bit / 8] ^= 1 << (bit % 8)
                #expect(throws: NodeError.self, "bit \(bit)") { try following(known, [bytes]) }
            }
            for count in 0..<whole.count {
                #expect(throws: NodeError.self) { try following(known, [Array(whole.prefix(count))]) }
            }
        }
        let statement = known.statements[0]
        let parsed = try COSESign1.parse(
            statement.bytes, contentType: HubKeyStatement.contentType, maxBytes: 1024)
        for type in ["certificate", "receipt", "revocation", "checkpoint", "delta", "redaction"] {
            let swapped = try COSESign1.sign(
                payload: parsed.payload, contentType: "application/vnd.prepkc.\(type)+cbor", with: first)
            refuses(HubIdentity(key: first.publicKey), swapped, "\(type)")
        }
    }
}
