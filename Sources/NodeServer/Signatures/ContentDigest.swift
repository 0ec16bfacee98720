import NodeCore
import RawStructuredFieldValues

/// The `Content-Digest` field (RFC 9530): sha-256 when sending, sha-256 and sha-512 when checking.
public enum ContentDigest {
    /// The field's name as it is covered by signatures.
    public static let fieldName = "content-digest"

    /// The field value for a body, which may be empty.
    public static func field(for body: [UInt8]) -> String {
        "sha-256=:\(Digest.sha256(body).bytes.base64):"
    }

    /// Every digest of a known algorithm must fit the body, and there must be one.
    ///
    /// Throws `.malformed` for a field that cannot be read or names no known algorithm.
    public static func check(_ field: String, body: [UInt8]) throws(SignatureError) {
        var known = 0
        for (algorithm, value) in try StructuredFields.dictionary(field, name: fieldName) {
            let actual: [UInt8]
            switch algorithm {
            case "sha-256": actual = Digest.sha256(body).bytes
            case "sha-512": actual = Digest.sha512(body)
            default: continue
            }
            guard let claimed = StructuredFields.bytes(value) else {
                throw .malformed("\(fieldName): \(algorithm) is not a byte sequence")
            }
            guard constantTimeEqual(claimed, actual) else { throw .digestMismatch }
            known += 1
        }
        guard known > 0 else { throw .malformed("\(fieldName) has neither sha-256 nor sha-512") }
    }
}

/// Structured fields (RFC 9651) with the errors of this folder.
enum StructuredFields {
    static func dictionary(
        _ text: String, name: String
    ) throws(SignatureError) -> OrderedMap<String, ItemOrInnerList> {
        do {
            var parser = StructuredFieldValueParser(Array(text.utf8))
            return try parser.parseDictionaryFieldValue()
        } catch {
            throw .malformed("\(name) is not a dictionary")
        }
    }

    /// The bytes of a byte sequence; nil for anything else.
    static func bytes(_ value: ItemOrInnerList) -> [UInt8]? {
        guard case .item(let item) = value, case .undecodedByteSequence(let text) = item.rfc9651BareItem
        else { return nil }
        return [UInt8](base64: text)
    }

    static func text(_ list: InnerList) throws(SignatureError) -> String {
        do {
            var serializer = StructuredFieldValueSerializer()
            return String(decoding: try serializer.writeListFieldValue([.innerList(list)]), as: UTF8.self)
        } catch {
            throw .malformed("the signature's parameters can't be written")
        }
    }

    static func text(label: String, _ value: ItemOrInnerList) throws(SignatureError) -> String {
        do {
            var map = OrderedMap<String, ItemOrInnerList>()
            map[label] = value
            var serializer = StructuredFieldValueSerializer()
            return String(decoding: try serializer.writeDictionaryFieldValue(map), as: UTF8.self)
        } catch {
            throw .malformed("the signature can't be written")
        }
    }
}
