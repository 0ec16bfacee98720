/// A small OneRoster set whose files a test changes.
public struct OneRosterFixture {
    public var files: [String: String]

    /// Version 1.1: three teachers at two schools, and a learner.
    public static var v1_1: OneRosterFixture {
        OneRosterFixture(files: [
            "manifest.csv": manifest("1.1", ["orgs", "users", "enrollments", "academicSessions"]),
            "orgs.csv": """
            sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
            d1,,,Testville,district,2000000,
            s1,,,The North School,school,200000000001,d1
            s2,,,South,school,,d1
            """,
            "users.csv": """
            sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
            u1,,,true,s1,teacher,ann,,Ann,Lee,,,Ann@T.org,,,,05,
            u2,,,true,"d1,s1,s2",teacher,bo,,Bo,Ray,,,bo@t.org,,,,,
            u3,,,true,d1,teacher,cy,,Cy,Moe,,,cy@t.org,,,,,
            u4,,,true,s1,student,l1,,Lea,Small,,,,,,,05,
            u5,,,true,s1,aide,x,,Aide,Person,,,aide@t.org,,,,,
            """,
            "enrollments.csv": """
            sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
            e1,,,c1,s2,u2,teacher,true,,
            e2,,,c2,s2,u2,teacher,true,,
            e3,,,c3,s1,u2,teacher,true,,
            e4,,,c3,s2,u3,teacher,false,,
            e5,,,c3,s1,u4,student,false,,
            """,
            "academicSessions.csv": """
            sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear
            y1,,,Year,schoolYear,2025-08-15,2026-05-30,,2026
            t1,,,Fall,term,2025-08-15,2025-12-20,y1,2026
            """,
        ])
    }

    /// Version 1.2, where roles have a file of their own: the same teachers.
    public static var v1_2: OneRosterFixture {
        var set = v1_1
        set.files["manifest.csv"] = manifest(
            "1.2", ["orgs", "users", "roles", "enrollments", "academicSessions"])
        set.files["users.csv"] = """
            sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns
            u1,,,true,ann,,Ann,Lee,,,Ann@T.org,,,,05,,,,,,,s1,
            u2,,,true,bo,,Bo,Ray,,,bo@t.org,,,,,,,,,,,,
            u3,,,true,cy,,Cy,Moe,,,cy@t.org,,,,,,,,,,,,
            u4,,,true,l1,,Lea,Small,,,,,,,05,,,,,,,s1,
            u5,,,true,x,,Aide,Person,,,aide@t.org,,,,,,,,,,,,
            """
        set.files["roles.csv"] = """
            sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId
            r1,,,u1,primary,teacher,,,s1,
            r2,,,u2,secondary,teacher,,,s1,
            r3,,,u2,primary,teacher,,,s2,
            r4,,,u3,primary,teacher,,,d1,
            r5,,,u4,primary,student,,,s1,
            r6,,,u5,primary,aide,,,s1,
            """
        return set
    }

    /// A change to two of the teachers: one renamed, one gone.
    public static var delta: OneRosterFixture {
        OneRosterFixture(files: [
            "manifest.csv": manifest("1.1", ["users"], mode: "delta"),
            "users.csv": """
            sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
            u1,active,2025-10-01T00:00:00.000Z,true,s1,teacher,ann,,Ann,Moore,,,ann@t.org,,,,06,
            u2,tobedeleted,2025-10-01T00:00:00.000Z,true,s1,teacher,bo,,Bo,Ray,,,bo@t.org,,,,,
            u9,active,2025-10-01T00:00:00.000Z,true,s1,teacher,new,,New,One,,,new@t.org,,,,,
            """,
        ])
    }

    public static func manifest(_ version: String, _ present: [String], mode: String = "bulk") -> String {
        let all = ["academicSessions", "classes", "enrollments", "orgs", "roles", "users"]
        let lines = all.map { "file.\($0),\(present.contains($0) ? mode : "absent")\n" }
        return "propertyName,value\nmanifest.version,1.0\noneroster.version,\(version)\n" + lines.joined()
    }

    public var zip: StoredZip {
        StoredZip(files.sorted { $0.key < $1.key }.map { StoredZip.Entry($0.key, $0.value) })
    }
}
