// swift-tools-version: 6.2
// The layers, one way only: node-cli -> NodeServer -> SyncEngine -> NodeCore -> C shims.
// Tests/NodeCoreTests/LayerTests.swift reads the imports and fails when an arrow points back.
import PackageDescription

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let structuredFields = Target.Dependency.product(
    name: "RawStructuredFieldValues", package: "swift-http-structured-headers")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "node-cli",
    products: [
        .executable(name: "node-cli", targets: ["node-cli"]),
        .library(name: "NodeCore", targets: ["NodeCore"]),
        .library(name: "SyncEngine", targets: ["SyncEngine"]),
        .library(name: "NodeServer", targets: ["NodeServer"]),
        .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CXLSXWriter", pkgConfig: "xlsxwriter"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd"),
        .target(
            name: "ConflictRules", path: "conflict-rules",
            exclude: ["README.md", "rules.schema.json"],
            sources: ["ShippedRules.swift"],
            resources: [
                .embedInCode("tenant.yaml"), .embedInCode("roster.yaml"),
                .embedInCode("seat.yaml"), .embedInCode("audit.yaml"), .embedInCode("people.yaml"),
            ],
            swiftSettings: settings),
        .target(
            name: "NodeCore",
            dependencies: ["COpenSSL", "CSQLite", "CXLSXWriter", "CZlib", "CZstd", grdb, yams, logging],
            exclude: ["Words/ORIGINS.md"],
            resources: [.embedInCode("Words/words.txt")],
            swiftSettings: settings),
        .target(
            name: "SyncEngine", dependencies: ["NodeCore", "ConflictRules", yams],
            swiftSettings: settings),
        .target(
            name: "NodeServer",
            dependencies: [
                "SyncEngine", "NodeCore", "CCurl", hummingbird, logging, structuredFields,
                lifecycle, nioPosix, nioCore, nioSSL,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "node-cli",
            dependencies: ["NodeServer", "SyncEngine", "NodeCore", arguments, logging],
            exclude: ["Demo/ORIGINS.md"],
            resources: [.embedInCode("Demo/kc-schools.csv")],
            swiftSettings: settings),
        .target(
            name: "TestSupport", dependencies: ["SyncEngine", "NodeCore", grdb],
            path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "FuzzTargets", dependencies: ["NodeServer", "SyncEngine", "NodeCore", "TestSupport"],
            path: "Tests/FuzzTargets", swiftSettings: settings),
        .testTarget(
            name: "NodeCoreTests", dependencies: ["NodeCore", "SyncEngine", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "SyncEngineTests",
            dependencies: ["SyncEngine", "NodeCore", "ConflictRules", "TestSupport", yams],
            swiftSettings: settings),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["SyncEngine", "NodeCore", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "NodeServerTests",
            dependencies: [
                "NodeServer", "SyncEngine", "NodeCore", "TestSupport", "FuzzTargets", nioPosix, nioCore,
                nioSSL,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "NodeCLITests", dependencies: ["NodeCore", "TestSupport", "node-cli"],
            swiftSettings: settings),
    ]
)
