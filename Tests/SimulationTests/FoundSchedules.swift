import Testing

/// Schedules on which a run once failed, as it was found. They name their work, so they stay the same runs.
@Suite struct FoundSchedules {
    @Test("a machine that gets two new keys in one sync")
    func seed69() throws {
        try Replay.check(
            """
            seed 69 nodes 2,2 line 60 power 12 versions 0,0,0,0,0 end 3889710
            4 56d645d6296b9e3 work 1.1 allocate a seat
            10 67eee121215a5a96 call 1.1
            65 90310b60a9585360 call 1.1
            544 b0e07f599d029871 work 1.2 merge teachers or take it back
            554 23b167ee48f12cb5 work 1.2 edit the district
            747 b3c402d982b7ece0 call 0.1
            878 2beaf12e0ecb9bbf carry 0
            883 f674defdc1d31468 carry 0
            37874 5664988e16187a9c work 1.2 write rows
            42299 f8b1cc69d4f88a8b call 1.1
            53854 e653ef8ba815085c work 1.1 delete a teacher
            58409 dccd3ed60412ff5c copy 1.1
            74269 af7a0209b0d9657d work 1.1 take a settling back
            74272 d8701382d789ba53 restart 1.1
            93599 c8bab06f12fa1a58 call 1.1
            107951 48757ece6ff8848 call 1.1
            107958 b131160abaac58fa call 1.1
            562504 7dc0aafb8779822b work 1.0 ask for a seat
            562914 55cc94f23732ba7b work 1.0 withdraw a wish
            562919 710654c665e9bb18 work 1.0 retire a seat
            563273 6904ee5ffb47f301 work 1.0 apply or remove rules
            563274 1ceec1bff5e66db1 quiet
            658409 be8fc40043c8ca9e back 1.1
            661209 f11d22adffb24f64 call 1.1
            661211 3c0b395a3284b527 call 1.1
            665713 3b8697a918892f1d work 1.1 write rows
            665972 d31d66a042ed64bc work 1.1 resolve a conflict
            665978 97a4b5a6a427d5fb work 1.1 resolve a conflict
            838409 fc6cfb9d82c932dc call 1.1
            838411 8ed34f1fae2d1a44 call 1.1
            1144561 c4c56483246aca23 work 0.0 delete a teacher
            1144564 a73f2e1cff99b23d work 0.0 add a teacher
            1144566 d4ee14bf10d8439b work 0.0 edit a teacher
            1144567 dce18c517f06b733 look 0.0
            1461637 3dfdb8afd3bebe27 carry 1
            1475310 9d742db0001a8cfa call 1.1
            1831327 81aa2277e0e2c2ce cut 1.1
            2388133 1f76edba4704c4b3 mend 1.1
            2470465 617f39ac9f14ac09 work 0.1 write rows
            3870608 37c0724ca000ff79 call 1.1
            3870609 8f60337c03e074c call 1.1
            3871497 2b11133a682e7487 call 1.1
            3889710 885ebad208090872 work 1.1 change the rules
            """)
    }

    @Test("a restored machine that writes more than had been there, and is found in the push")
    func seed132() throws {
        try Replay.check(
            """
            seed 132 nodes 3 line 0 power 12 versions 0,0,0,0 end 687622
            2 afa67475c414b92a work 0.1 merge teachers or take it back
            10 1899efe6b8ff69ca work 0.0 reclaim a seat
            11 9faf63453796d0c work 0.1 allocate a seat
            154 43b019c64f8cc6ac call 0.3
            161 14bd7613a976045c call 0.3
            30540 536c931ba016f0f9 call 0.2
            36080 2d8882f38503a739 copy 0.1
            41965 fd883ace574d00e work 0.1 settle conflicts by rule
            41966 ebfd9e97406ad7a2 look 0.1
            42914 b640ad3243eb1e1c work 0.1 add a teacher
            42919 614aa5049881ceca restart 0.1
            45418 535db67c00d4d8f4 work 0.1 deactivate or reactivate a teacher
            45425 60fc930e039123eb work 0.1 erase a teacher
            79851 7693d7a4140fe838 call 0.1
            79857 7216284129e5c418 call 0.1
            80270 b7bfd260f2cfb71c call 0.1
            80271 ab272948f311a2ce quiet
            80331 c49607c7534417c6 call 0.1
            256304 1f50b3469c092df7 work 0.1 apply or remove rules
            636080 bf6a30ef0b7c44ac back 0.1
            674906 fe10ff5ed1c15f51 work 0.1 write many parts
            687481 6152efe1e99db234 call 0.1
            """)
    }

    @Test("a table that its author didn't know, through two upgrades of the author")
    func seed1091() throws {
        try Replay.check(
            """
            seed 1091 nodes 2 line 25 power 12 versions 0,0,0 end 116295052
            3 aef88c126912e400 work 0.1 allocate a seat
            42813 cbf38ff840007721 work 0.2 release a seat
            55732 caf48300121af0c5 work 0.2 reclaim a seat
            1234847 29c35c7f3593e7f0 call 0.2
            20681112 28f4a66d1e178d92 upgrade 0.2
            47089284 f763268d2f57a6ab carry 0
            47089700 a47e8d66f5605e0e carry 0
            50460064 ec5a56c0d5c7d52e carry 0
            50460840 19c8a3a722f6befb carry 0
            65385881 954f4838ff29ec17 work 0.1 write rows
            65385882 d9caa4ab85bbf311 look 0.1
            65448174 48152c4e707eb132 work 0.0 write rows
            74804837 6edc22323518606d work 0.0 write rows
            77738116 e9b7df1af44c8c6a work 0.0 add a teacher
            77738122 5570b8b1367c6e12 work 0.0 reclaim a seat
            77740010 f1be4c3a732bba7e work 0.0 apply or remove rules
            80580863 e0ff754cf815e0e3 carry 0
            82711548 c5143ce8054f655c call 0.1
            82711881 4e46d0b70221ac6c call 0.1
            82711882 7ae09e95be842af quiet
            109618955 6f4c027bfeb74340 work 0.1 merge teachers or take it back
            109618962 c7db937c6c86723e work 0.1 take a settling back
            109619418 a19325a9dc4f7d14 work 0.1 edit the district
            109620079 14370cfa6a5f155 work 0.1 note on a conflict
            111096271 5c6c9be708360d7b work 0.1 reclaim a seat
            112752778 17d90c3b9537e60b work 0.1 allocate a seat
            112752786 4a4d445b1a9b1748 work 0.1 edit a teacher
            112957444 ec388fd106f0342a work 0.1 deactivate or reactivate a teacher
            113013652 da6b717863429720 upgrade 0.1
            113459404 850d298e3e32dc74 work 0.1 add a teacher
            113459409 e4e15baed7693110 work 0.1 reclaim a seat
            113512705 5847e4cffa095591 work 0.1 add a teacher
            113585146 a7f92a8b579e114a work 0.1 reclaim a seat
            113595822 64f5b27daf1ce6b3 work 0.1 erase a teacher
            113595831 670acb4d05e65eb0 work 0.1 write rows
            113595853 82989fcde03583da work 0.1 reserve a seat
            116295052 3ab2549808b7aab8 upgrade 0.1
            """)
    }

    @Test("the same, through an upgrade of the hub")
    func seed1580() throws {
        try Replay.check(
            """
            seed 1580 nodes 1 line 25 power 4 versions 1,0 end 132879873
            747 ea40e696aadbccab carry 0
            1020002 da365dbbd0aed50d work 0.1 allocate a seat
            2778061 36b0c1e239734d8e work 0.1 write many parts
            2822834 275a295fdf0a87f9 work 0.1 write rows
            6217307 7bd412bfb1dffd69 call 0.1
            6270167 91e28ff37cd9a7fd call 0.1
            36218513 d18ab427117057c4 call 0.1
            36223442 888cef6b7afe3f3d call 0.1
            36265295 e70de0fe49dfdb05 call 0.1
            36265965 3bf926713ad5fbae call 0.1
            36265972 55b9c812406ac757 call 0.1
            39535270 20bde273ff38100f work 0.0 deactivate or reactivate a teacher
            42056202 47004288c7cf8912 work 0.0 resolve a conflict
            119533490 86fcdd4d5b678e4b work 0.0 merge teachers or take it back
            132879873 76e9fa76468443ea upgrade 0.0
            """)
    }

    @Test("an erasure in deltas of an old key, handed in under a new one")
    func seed2616() throws {
        try Replay.check(
            """
            seed 2616 nodes 8 line 25 power 12 versions 0,0,1,1,0,2,2,0,0 end 887135
            5 5f385b3623671afc call 0.3
            5 b09bf191dcb130a1 work 0.2 write rows
            12 8df33aeb412d43ec work 0.2 delete a teacher
            44 3ff6dab575e5bf86 call 0.5
            172 b94a91ee496c933f work 0.5 release a seat
            515 7f4fef82847f7c10 call 0.4
            909 2d25cad7a08a8758 work 0.0 archive the audit
            1402 642afe0f6f780eb7 call 0.4
            5771 20794feb27159f2 work 0.8 write rows
            18571 a9fc6abf8d034bd9 work 0.7 reserve a seat
            18578 2c1b0397d6b8157d work 0.7 resolve a conflict
            23810 dbac8f375e7a31b6 work 0.1 reclaim a seat
            43280 9087c8954b3636c2 call 0.5
            56834 fae6178d5c9de93f call 0.4
            56838 ae383be22ead7d6b call 0.4
            59700 70850b8a1cf5021d work 0.7 write rows
            59736 1eaf9c87789ddb93 work 0.7 deactivate or reactivate a teacher
            59878 d93cd47da9b071a3 work 0.7 edit a teacher
            60543 edabf9d1d98666fc work 0.7 add a teacher
            60544 3a12d4257b9c3d2 cut 0.7
            60552 9c203a998e1e2859 mend 0.7
            72868 6ee42c1aa16ebd90 copy 0.1
            74858 8324ede611c1d6a8 work 0.1 allocate a seat
            74864 2ed185966ef31bc0 upgrade 0.1
            78235 547e2337642931e0 work 0.7 write rows
            79038 f3fcdd14d213d4d1 work 0.7 write rows
            107135 e8729d2573b2ac47 copy 0.7
            107136 4262f1a38c824480 quiet
            114102 8367fb18670416e2 call 0.1
            114273 bdc7d891108579a1 call 0.1
            114425 92cfa71ecf0ac51e work 0.1 reclaim a seat
            120757 185ace5d837ddb61 work 0.1 reclaim a seat
            121891 62102f43b1466b93 work 0.7 allocate a seat
            135527 3d84e65bcd63d366 call 0.7
            136149 f8ded7b905c56d5c call 0.7
            672868 3304cd8ff40174a2 back 0.1
            702739 2f77b0257707f103 work 0.1 release a seat
            707135 cc78376477df1188 back 0.7
            711852 4c9c247ee154f86c call 0.1
            712403 7f6bdd1d5ce6d344 call 0.7
            719752 66f51befcd6c877d call 0.1
            720576 55941050c4c6f6ea call 0.1
            741747 de191fe3e983dfbd work 0.7 release a seat
            742374 cc83419563dba865 work 0.7 import a roster
            743114 c1429454daa5d33e work 0.7 resolve a conflict
            743825 4e567bdb2dcb1e02 work 0.7 delete a teacher
            749684 b793ad64d3d43694 work 0.3 write rows
            761943 c74c7e6792150f95 copy 0.7
            762663 68518607bfebc970 call 0.1
            765913 40f38426a9f348fd call 0.7
            765918 3ef1c95e57a4969c call 0.7
            766121 ccef1eded9bef8d0 call 0.7
            771583 ccb5f1212cb8c6c9 work 0.7 erase a teacher
            852868 e16627a10890e394 call 0.1
            887135 8c16bb39a7088210 call 0.7
            """)
    }

    @Test("a machine put back after it told the hub of a head that nobody else ever saw")
    func seed101382() throws {
        try Replay.check(
            """
            seed 101382 nodes 3 line 0 power 0 versions 0,0,0,0,0 end 16843903
            763546 c6148244b4e9977c quiet
            856551 5e0b9906d0d5184a copy 0.3
            897341 aa7f250e655ecbc8 work 0.3 release a seat
            908221 508fb4a33fda093d call 0.3
            1456551 97e326d40f2d5b76 back 0.3
            1473975 fe6147c84cc91943 work 0.3 allocate a seat
            """)
    }

    @Test("a learner reserved a seat at the hub that is granted away, and seated at a node")
    func seed252() throws {
        try Replay.check(
            """
            seed 252 nodes 2 line 0 power 0 versions 0,0,0 end 160765220
            563 b4f12370ea50794b call 0.2
            1239801 2503b9817e47db5a work 0.2 allocate a seat
            1396007 cd22a9617686bf72 work 0.0 reserve a seat
            2196884 f9484e7beab47365 work 0.0 grant a seat
            """)
    }

    @Test("a delta carried to another node, and then lost by the machine that wrote it")
    func seed223446() throws {
        try Replay.check(
            """
            seed 223446 nodes 5 line 0 power 0 versions 0,0,0,0,0,0 end 608509
            7628 1075e37c6632dfd3 copy 0.4
            66570 638391f5e48e054 work 0.4 write rows
            282863 638ec17e270badb8 carry 0
            607628 9abd05b8185e3486 back 0.4
            """)
    }

    @Test("a delta that waited at a node came with a snapshot")
    func seed2() throws {
        try Replay.check(
            """
            seed 2 nodes 3 line 25 power 0 versions 0,0,0,0 end 3240913 snapshots 2
            7652 4ea80847bcb1081a call 0.3
            960414 57c883255f0f9e24 carry 0
            """)
    }

    @Test("a teacher who was deleted, of whom all let the values go, is erased")
    func seed261816() throws {
        try Replay.check(
            """
            seed 261816 nodes 8 line 0 power 0 versions 0,0,0,0,0,0,0,0,0 end 30112654
            2 60916e6e8037bc5f work 0.2 add a teacher
            5323 90835316acbe96fb call 0.2
            962517 d3c1c77344eaff98 work 0.0 delete a teacher by hand
            2160179 59430a12d520637b quiet
            3228240 5039cbf35bb76b0b work 0.4 erase a teacher
            """)
    }
}
