import NodeCore
import Testing

@Suite("who may do what")
struct PrincipalTests {
    private let now: Int64 = 1_000_000
    private var kckps: TenantStanding { TenantStanding(slug: "kckps", isActive: true, now: now) }

    private func member(_ role: TenantRole) -> Principal {
        Principal(id: "u", kind: .member(role, tenant: "kckps"), via: "rest")
    }

    private func staff(_ role: HubRole, support: SupportAccess? = nil) -> Principal {
        Principal(id: "s", kind: .staff(role, support: support), via: "local")
    }

    private func refusal(_ principal: Principal, _ permission: Permission, in tenant: TenantStanding)
        -> ErrorCode?
    {
        do {
            try principal.require(permission, in: tenant)
            return nil
        } catch let error as NodeError { return error.code } catch { return .internalError }
    }

    @Test("each tenant role may all that the lesser one may")
    func rolesGrow() {
        for (less, more) in zip(TenantRole.allCases, TenantRole.allCases.dropFirst()) {
            #expect(less < more)
            #expect(AccessPolicy.permissions(of: less).isStrictSubset(of: AccessPolicy.permissions(of: more)))
        }
        for (less, more) in zip(HubRole.allCases, HubRole.allCases.dropFirst()) {
            #expect(AccessPolicy.permissions(of: less).isStrictSubset(of: AccessPolicy.permissions(of: more)))
        }
    }

    @Test("no person has what is the operator's, and only PrepKC grants the role admin")
    func reserved() {
        for role in HubRole.allCases { #expect(!AccessPolicy.permissions(of: role).contains(.operate)) }
        for role in TenantRole.allCases {
            for permission: Permission in [
                .operate, .grantAdmin, .createTenant, .editTenant, .activateTenant, .purchaseSeats,
                .enterSupport,
                .editStaff, .editNodes,
            ] { #expect(!AccessPolicy.permissions(of: role).contains(permission), "\(role) \(permission)") }
        }
        #expect(refusal(member(.admin), .grantAdmin, in: kckps) == .escalation)
        #expect(refusal(staff(.supervisor), .grantAdmin, in: kckps) == .escalation)
        #expect(refusal(staff(.admin), .grantAdmin, in: kckps) == nil)
    }

    @Test("every permission is somebody's")
    func nothingForgotten() {
        let granted = HubRole.allCases.map { AccessPolicy.permissions(of: $0) }.reduce(Set<Permission>()) {
            $0.union($1)
        }
        #expect(Set(Permission.allCases).subtracting(granted) == [.operate])
    }

    @Test("another tenant is not found rather than forbidden")
    func isolation() {
        let other = TenantStanding(slug: "other", isActive: true, now: now)
        for permission in Permission.allCases {
            #expect(refusal(member(.admin), permission, in: other) == .tenantNotFound)
        }
    }

    @Test("staff reach personal data only under a support session of that tenant that isn't over")
    func support() {
        let open = SupportAccess(id: "x", tenant: "kckps", until: now + 1)
        for permission in Permission.allCases
        where AccessPolicy.permissions(of: HubRole.admin).contains(permission) {
            let without: ErrorCode? = permission.needsSupport ? .forbidden : nil
            #expect(refusal(staff(.admin), permission, in: kckps) == without)
            #expect(refusal(staff(.admin, support: open), permission, in: kckps) == nil)
            let elsewhere = SupportAccess(id: "x", tenant: "other", until: now + 1)
            #expect(refusal(staff(.admin, support: elsewhere), permission, in: kckps) == without)
            let over = SupportAccess(id: "x", tenant: "kckps", until: now)
            #expect(refusal(staff(.admin, support: over), permission, in: kckps) == without)
        }
        #expect(staff(.admin, support: open).actor.support == "x")
    }

    @Test("in a deactivated tenant only looking at it, turning it on and syncing are left")
    func deactivated() {
        let off = TenantStanding(slug: "kckps", isActive: false, now: now)
        #expect(refusal(member(.admin), .readTeachers, in: off) == .tenantInactive)
        #expect(refusal(staff(.admin), .enterSupport, in: off) == .tenantInactive)
        #expect(refusal(staff(.admin), .activateTenant, in: off) == nil)
        #expect(refusal(member(.admin), .runSync, in: off) == nil)
    }

    @Test("when the lease is over people read and sync, and the operator goes on")
    func lease() {
        let late = TenantStanding(slug: "kckps", isActive: true, leaseUntil: now, now: now)
        for permission in AccessPolicy.permissions(of: TenantRole.admin) {
            let expected: ErrorCode? = permission.isReading || permission == .runSync ? nil : .leaseExpired
            #expect(refusal(member(.admin), permission, in: late) == expected)
        }
        let `operator` = Principal(id: "operator:x:1", kind: .operator, via: "local")
        for permission in Permission.allCases { #expect(refusal(`operator`, permission, in: late) == nil) }
    }

    @Test(
        "both vocabularies name the same roles",
        arguments: [("manager", TenantRole.coordinator), ("teacher", .virtualAdmin), ("learner", .user)])
    func aliases(alias: String, role: TenantRole) throws {
        #expect(try TenantRole(name: alias) == role)
        #expect(try TenantRole(name: role.rawValue) == role)
        #expect(throws: NodeError.self) { try TenantRole(name: "Admin") }
    }
}
