/// One roster and one session export, with the counts that every way in has to give. `OneRosterFixture` has the
/// same teachers.
public enum ImportFixture {
    public static let year = "2025-2026"
    /// What is there already.
    public static let before =
        "Building,Name,Email,Grade\nNorth,Ann Old,ann@t.org,05\nNorth,Gone,gone@t.org,\n"
    public static let roster =
        "Building,Name,Email,Grade\nNorth,Ann Lee,Ann@T.org,05\nSouth,Bo Ray,bo@t.org,\nSouth,Cy Moe,cy@t.org,\n"
    public static let rosterKeys = [
        "created", "updated", "unchanged", "deactivated", "skipped", "row_errors", "records",
    ]
    public static let rosterCounts = [2, 1, 0, 1, 0, 0, 3]
    /// The same file again.
    public static let rosterAgain = [0, 0, 3, 0, 0, 0, 3]

    /// After the roster. One educator stands under the name of before, one twice, one is unknown; one date is none.
    public static let sessions = """
        Session ID,Title,Date,Status,SignUp Role,Name,School,Attended Educator Count
        S1,Space,9/15/2025,Completed,Educator,Ann Lee,North,1
        S1,Space,9/15/2025,Completed,Educator,Ann Lee,North,1
        S1,Space,9/15/2025,Completed,Student,Sid,North,1
        S2,Sea,2026-02-03,Completed,Educator,Bo Ray,,1
        S3,Sun,soon,Completed,Educator,Cy Moe,,1
        S4,Sky,2026-02-04,Completed,Educator,Zed Who,,1
        S5,Sand,2025-09-16,Completed,Educator,Ann Old,,1

        """
    public static let sessionKeys = [
        "imported", "duplicates", "created", "updated", "unchanged", "skipped", "row_errors", "records",
        "matched", "unmatched", "ignored",
    ]
    public static let sessionCounts = [5, 1, 5, 0, 0, 1, 1, 7, 3, 1, 0]
    public static let sessionsAgain = [0, 6, 0, 0, 5, 1, 1, 7, 3, 1, 0]
    /// Sessions a teacher afterwards.
    public static let usage = ["ann@t.org": 2, "bo@t.org": 1, "cy@t.org": 0]
}
