import Foundation
import Yams

/// The part of JSON Schema (draft 2020-12) that our schema uses; any other keyword is a problem.
struct JSONSchema {
    let root: [String: Any]

    init(root: [String: Any]) { self.root = root }

    /// JSON is YAML, so one parser reads both sides.
    init(_ text: String) throws {
        root = try Yams.load(yaml: text) as? [String: Any] ?? [:]
    }

    func at(_ path: [String]) -> [String: Any] {
        path.reduce(root) { $0[$1] as? [String: Any] ?? [:] }
    }

    /// What is wrong with a value; nothing when it is valid.
    func problems(_ value: Any?) -> [String] { check(value ?? NSNull(), root, "") }

    private func check(_ value: Any, _ schema: [String: Any], _ place: String) -> [String] {
        schema.sorted { $0.key < $1.key }.flatMap { keyword, word in
            check(value, keyword, word, schema, place)
        }
    }

    private func isValid(_ value: Any, _ schema: Any) -> Bool {
        check(value, schema as? [String: Any] ?? [:], "").isEmpty
    }

    private func check(
        _ value: Any, _ keyword: String, _ word: Any, _ schema: [String: Any], _ place: String
    ) -> [String] {
        func demand(_ holds: Bool) -> [String] { holds ? [] : ["\(place): \(keyword)"] }
        let schemas = word as? [[String: Any]] ?? []
        switch keyword {
        case "$schema", "$defs", "title", "description", "then": return []
        case "$ref":
            let name = (word as? String)?.split(separator: "/").last.map(String.init) ?? ""
            return check(value, at(["$defs", name]), place)
        case "const": return demand(Self.same(value, word))
        case "enum": return demand((word as? [Any] ?? []).contains { Self.same(value, $0) })
        case "type": return demand((word as? [String] ?? [word as? String ?? ""]).contains(Self.type(value)))
        case "anyOf": return demand(schemas.contains { isValid(value, $0) })
        case "oneOf": return demand(schemas.count { isValid(value, $0) } == 1)
        case "allOf": return schemas.flatMap { check(value, $0, place) }
        case "not": return demand(!isValid(value, word))
        case "if":
            return isValid(value, word) ? check(value, schema["then"] as? [String: Any] ?? [:], place) : []
        case "pattern", "minLength", "maxLength":
            guard let text = value as? String else { return [] }
            return demand(Self.holds(text, keyword, word))
        case "items", "minItems", "uniqueItems":
            guard let list = value as? [Any] else { return [] }
            return checkList(list, keyword, word, place)
        default:
            guard let object = value as? [String: Any] else { return [] }
            return checkObject(object, keyword, word, schema, place)
        }
    }

    private func checkList(_ list: [Any], _ keyword: String, _ word: Any, _ place: String) -> [String] {
        switch keyword {
        case "items":
            list.enumerated().flatMap {
                check($0.element, word as? [String: Any] ?? [:], "\(place)/\($0.offset)")
            }
        case "minItems": list.count >= word as? Int ?? 0 ? [] : ["\(place): \(keyword)"]
        default: Set(list.map { "\($0)" }).count == list.count ? [] : ["\(place): \(keyword)"]
        }
    }

    private func checkObject(
        _ object: [String: Any], _ keyword: String, _ word: Any, _ schema: [String: Any], _ place: String
    ) -> [String] {
        let named = schema["properties"] as? [String: Any] ?? [:]
        switch keyword {
        case "properties":
            return object.flatMap { key, value in
                check(value, named[key] as? [String: Any] ?? [:], "\(place)/\(key)")
            }
        case "additionalProperties":
            let others = object.filter { named[$0.key] == nil }
            if word as? Bool == false { return others.keys.map { "\(place): '\($0)' is unknown" } }
            return others.flatMap { check($0.value, word as? [String: Any] ?? [:], "\(place)/\($0.key)") }
        case "propertyNames":
            return object.keys.flatMap { check($0, word as? [String: Any] ?? [:], "\(place)/\($0)") }
        case "required":
            return (word as? [String] ?? []).filter { object[$0] == nil }.map { "\(place): no '\($0)'" }
        case "minProperties": return object.count >= word as? Int ?? 0 ? [] : ["\(place): \(keyword)"]
        case "maxProperties": return object.count <= word as? Int ?? 0 ? [] : ["\(place): \(keyword)"]
        default: return ["the keyword '\(keyword)' is not understood"]
        }
    }

    private static func holds(_ text: String, _ keyword: String, _ word: Any) -> Bool {
        switch keyword {
        case "minLength": text.unicodeScalars.count >= word as? Int ?? 0
        case "maxLength": text.unicodeScalars.count <= word as? Int ?? 0
        default: text.range(of: word as? String ?? "", options: .regularExpression) != nil
        }
    }

    private static func type(_ value: Any) -> String {
        switch value {
        case is Bool: "boolean"
        case is Int: "integer"
        case is String: "string"
        case is [Any]: "array"
        case is [String: Any]: "object"
        default: value is NSNull ? "null" : "number"
        }
    }

    private static func same(_ left: Any, _ right: Any) -> Bool {
        type(left) == type(right) && "\(left)" == "\(right)"
    }
}
