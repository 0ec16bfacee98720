import NodeCore

/// What a JSON value may be: said once, for checking input, for answers and for the OpenAPI document.
public indirect enum DataSchema: Sendable {
    /// So many code points. `format` is a word for readers (`uuid`, `date-time`), not checked.
    case text(ClosedRange<Int>, format: String? = nil)
    case integer(ClosedRange<Int64>)
    case number
    case boolean
    /// One of these words.
    case choice([String])
    case list(DataSchema, count: ClosedRange<Int>)
    /// `isOpen`: other members may be there, as in answers of a later version; input is never open.
    case object([Member], isOpen: Bool = false)
    /// Members of any name.
    case map(DataSchema)
    case nullable(DataSchema)
    /// Any scalar, of a synced cell.
    case scalar
    /// Stands once under its name in the document.
    case named(String, DataSchema)

    /// A member of an object.
    public struct Member: Sendable {
        let name: String
        let schema: DataSchema
        let isRequired: Bool
        let about: String?

        init(_ name: String, _ schema: DataSchema, required isRequired: Bool = true, _ about: String? = nil) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
            self.about = about
        }

        /// One that may be left out.
        static func optional(_ name: String, _ schema: DataSchema, _ about: String? = nil) -> Member {
            Member(name, schema, required: false, about)
        }
    }

    /// Any text of an answer.
    static let anyText = DataSchema.text(0...1_000_000)
    static let id = DataSchema.text(1...200)
    static let time = DataSchema.text(20...30, format: "date-time")
    static let count = DataSchema.integer(0...Int64.max)
    /// Names of people, schools and districts as they may be sent; the services say what is printable.
    static let name = DataSchema.text(1...255)
}
