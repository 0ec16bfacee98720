/// Every code that a user or program can meet, written once with its exit and HTTP status.
///
/// Codes are public (CONTRACT sections 1 and 3): adding is free, changing one breaks callers.
public enum ErrorCode: String, Sendable, CaseIterable {
    // Usage
    case usage = "USAGE"
    case confirmationNeeded = "CONFIRMATION_NEEDED"
    // Held by a safety rule: nothing was written
    case held = "HELD"
    case approvalPending = "APPROVAL_PENDING"
    // Malformed, not found, or refused by a domain rule
    case validation = "VALIDATION_ERROR"
    case alreadyInitialised = "ALREADY_INITIALISED"
    case notInitialised = "NOT_INITIALISED"
    case configInvalid = "CONFIG_INVALID"
    case fileNotFound = "FILE_NOT_FOUND"
    case fileExists = "FILE_EXISTS"
    case emptyFile = "EMPTY_FILE"
    case noRows = "NO_ROWS"
    case missingColumn = "MISSING_COLUMN"
    case duplicateColumn = "DUPLICATE_COLUMN"
    case unterminatedQuote = "UNTERMINATED_QUOTE"
    case encoding = "ENCODING"
    case archiveInvalid = "ARCHIVE_INVALID"
    case oneRosterInvalid = "ONEROSTER_INVALID"
    case tenantNotFound = "TENANT_NOT_FOUND"
    case teacherNotFound = "TEACHER_NOT_FOUND"
    case schoolNotFound = "SCHOOL_NOT_FOUND"
    case districtNotFound = "DISTRICT_NOT_FOUND"
    case importNotFound = "IMPORT_NOT_FOUND"
    case conflictNotFound = "CONFLICT_NOT_FOUND"
    case deltaNotFound = "DELTA_NOT_FOUND"
    case recordNotFound = "RECORD_NOT_FOUND"
    case nodeNotFound = "NODE_NOT_FOUND"
    case routeNotFound = "ROUTE_NOT_FOUND"
    case methodNotAllowed = "METHOD_NOT_ALLOWED"
    case unsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
    case seatNotFound = "SEAT_NOT_FOUND"
    case eventNotFound = "EVENT_NOT_FOUND"
    case seatNotFree = "SEAT_NOT_FREE"
    case seatAlreadyFree = "SEAT_ALREADY_FREE"
    case learnerHasSeat = "LEARNER_HAS_SEAT"
    case schoolRequired = "SCHOOL_REQUIRED"
    case userNotFound = "USER_NOT_FOUND"
    case roleNotFound = "ROLE_NOT_FOUND"
    case mailNotFound = "MAIL_NOT_FOUND"
    case roleExists = "ROLE_EXISTS"
    case lastAdmin = "LAST_ADMIN"
    case ruleInvalid = "RULE_INVALID"
    case ruleTestFailed = "RULE_TEST_FAILED"
    case slugTaken = "SLUG_TAKEN"
    case emailTaken = "EMAIL_TAKEN"
    case keyAlreadyShown = "KEY_ALREADY_SHOWN"
    case conflict = "CONFLICT"
    case stale = "STALE"
    case tokenInvalid = "TOKEN_INVALID"
    case wordsDiffer = "WORDS_DIFFER"
    case tooLarge = "TOO_LARGE"
    case rateLimited = "RATE_LIMIT_EXCEEDED"
    // Storage
    case storage = "STORAGE"
    case storageFull = "STORAGE_FULL"
    case corrupt = "CORRUPT"
    // Versions
    case schemaNewer = "SCHEMA_NEWER"
    case upgradeRequired = "UPGRADE_REQUIRED"
    // Identity and rights
    case notAuthenticated = "NOT_AUTHENTICATED"
    case missingAPIKey = "MISSING_API_KEY"
    case invalidAPIKey = "INVALID_API_KEY"
    case keyPermissions = "KEY_PERMISSIONS"
    case keyLocked = "KEY_LOCKED"
    case forbidden = "FORBIDDEN"
    case escalation = "ESCALATION"
    case hubOwned = "HUB_OWNED"
    case nodeOnly = "NODE_ONLY"
    case notSeatHolder = "NOT_SEAT_HOLDER"
    case revoked = "REVOKED"
    case hubKeyMismatch = "HUB_KEY_MISMATCH"
    // The line
    case hubUnreachable = "HUB_UNREACHABLE"
    case tlsUntrusted = "TLS_UNTRUSTED"
    case hubRecovering = "HUB_RECOVERING"
    case mailNotSent = "MAIL_NOT_SENT"
    case hubAnswer = "HUB_ANSWER_INVALID"
    case sheetUnreachable = "SHEET_UNREACHABLE"
    // Others
    case locked = "LOCKED"
    case tenantInactive = "TENANT_INACTIVE"
    case userInactive = "USER_INACTIVE"
    case leaseExpired = "LEASE_EXPIRED"
    case verificationFailed = "VERIFICATION_FAILED"
    case fork = "FORK"
    case nodeBehind = "NODE_BEHIND"
    case hubBehind = "HUB_BEHIND"
    case deltaRefused = "DELTA_REFUSED"
    case internalError = "INTERNAL"

    /// The process exit status of CONTRACT section 1.
    public var exitStatus: Int32 {
        switch self {
        case .usage, .confirmationNeeded: 2
        case .held, .approvalPending: 4
        case .storage, .storageFull, .corrupt: 7
        case .schemaNewer, .upgradeRequired: 8
        case .notAuthenticated, .missingAPIKey, .invalidAPIKey, .keyPermissions, .keyLocked, .forbidden,
            .escalation, .hubOwned, .nodeOnly, .notSeatHolder, .revoked, .hubKeyMismatch, .userInactive:
            9
        case .hubUnreachable, .tlsUntrusted, .hubRecovering, .hubAnswer, .sheetUnreachable, .rateLimited,
            .mailNotSent:
            10
        case .locked: 11
        case .tenantInactive, .leaseExpired: 12
        case .verificationFailed, .wordsDiffer, .fork, .nodeBehind, .hubBehind, .deltaRefused: 13
        case .internalError: 1
        default: 6
        }
    }

    /// The HTTP status of CONTRACT section 3.
    public var httpStatus: Int {
        switch self {
        case .notAuthenticated, .missingAPIKey, .invalidAPIKey: 401
        case .keyPermissions, .keyLocked, .forbidden, .escalation, .hubOwned, .nodeOnly, .notSeatHolder,
            .revoked,
            .tenantInactive, .userInactive, .leaseExpired, .tokenInvalid, .hubKeyMismatch, .approvalPending:
            403
        case .tenantNotFound, .teacherNotFound, .schoolNotFound, .districtNotFound, .importNotFound,
            .conflictNotFound, .deltaNotFound, .recordNotFound, .seatNotFound, .eventNotFound, .nodeNotFound,
            .routeNotFound, .fileNotFound, .userNotFound, .roleNotFound, .mailNotFound:
            404
        case .slugTaken, .emailTaken, .keyAlreadyShown, .conflict, .lastAdmin, .held, .wordsDiffer, .fork,
            .nodeBehind,
            .hubBehind:
            409
        case .stale: 412
        case .tooLarge: 413
        case .methodNotAllowed: 405
        case .unsupportedMediaType: 415
        case .rateLimited: 429
        case .upgradeRequired: 426
        case .storageFull: 507
        case .storage, .corrupt, .locked, .hubUnreachable, .tlsUntrusted, .hubRecovering, .sheetUnreachable,
            .schemaNewer, .mailNotSent:
            503
        case .internalError, .hubAnswer, .verificationFailed: 500
        default: 400
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    public var isRetryable: Bool {
        switch self {
        case .hubUnreachable, .hubRecovering, .sheetUnreachable, .locked, .rateLimited, .storageFull,
            .mailNotSent:
            true
        default: false
        }
    }
}
