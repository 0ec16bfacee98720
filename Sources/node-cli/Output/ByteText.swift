/// A number of bytes for people.
enum ByteText {
    /// Such as `812 B`, `3.2 KB`, `14 MB`: decimal units, one decimal below ten.
    static func short(_ bytes: Int) -> String {
        var value = Double(bytes), unit = "B"
        for larger in ["KB", "MB", "GB", "TB"] where value >= 1000 {
            value /= 1000
            unit = larger
        }
        if unit == "B" || value >= 9.95 { return "\(Int(value.rounded())) \(unit)" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(unit)"
    }
}
