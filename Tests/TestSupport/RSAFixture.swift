/// RSA keys made by OpenSSL for tests alone, and what OpenSSL signs with the first.
public enum RSAFixture {
    public static let key = """
        -----BEGIN PRIVATE KEY-----
        MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCyk5Y0/PfDkYcL
        1FDP4v0ZIfuH+5cktBpzeHwJm5kwcRVN5X4ZtnKL19wasU8/+phEEnoM21lKT+Fw
        aeZCUZhu0D5LCUOkHQuMpfElH8tc265yoB5U1ru6ERqdDRwyobHR2ki35QtfUMiK
        bog4j2M3u7dhRGRughAQsc+BLSfvxyvuJfJ2Yr5ha1T3YVB9gGkByngCZgt4IObQ
        VBftPMkEr1wmy7uojYBdTCwuJtBLqQNmJpGQV7DxKTGUq7xfDInQoQ9gMSNeF9Ov
        VBYfXhR8l7eaWiMh8lKcfICLmlmoM8EaF/6AMNOaCePCwqMoy8qoO4EfG6api4zB
        oqQObo55AgMBAAECggEAKC+GMc5rgxsQpNzWgrG1+x3mmKdJT/0npqyKXS8ivf/0
        p17pjae9BzNAWNFl4CPoeAkgZhxGb66iMMXkBzCNeQJrwj8HdbsDilcdeRk6jl7x
        VuIpcTYRcMHAl28H1W0Fsw/IJXnpoT1wo5ZUGUZLMZOQpNbbMvMZ4mfhJlSfFBoB
        u87kF5Rjej8QxYVpYc+1RqK+z/nIvO3mQ8Vas3Bd08zWNBfBEtj8CZw1XfjRkfue
        MAKtHffqtNNcHx2GSYROE2z0BeeHWq3pTKCKJ9qXLudkURHXuD0FdkKgKALgox/O
        v2laq5fCaksnb635zeajYzkIablYjIIgl8M9CBi2sQKBgQDfAOQE4krfJSLTWihg
        ilAubolJbeqLVLzKGqzcmOcqW8uuvCUMOdgrx1XSCP7o4KcfRwRtwGGZnlhuIT57
        iHLvf4f8VngQesv/Cz0L137suRYrCYu823kaWv2JKZDJlZnO1QzsCoOVTXKqmKGL
        FyAWsknqtepeZD08jj+C4v09dwKBgQDM/9rSUVwSXKoTsPkT7ggK+QsRgn0nkFr2
        AZ6mCM6wboTvkfxYdP2y+EZ+6CfXrW8tCGnqCGR6ZEbaUiPExyQPPzN38bT0k6Jq
        BFyiH8u7EyusfzPCGWYG1PhusVjGVaqCJhMFUgPuNQaQZJFFsFFZHB/n4KgK/542
        My6ODWrPjwKBgQCBNg3oeonxU54jIiklDt84mBl573Mn+hhNbjlctEe09m1FOISq
        2dVUQHKMeWPh4VFUQRzizsZ+cQ5B+Ycvorcd6CIN5rg4rD4I8CUV+G31kaSzmRtb
        eTtpNvGSiP/4nXL6Md4D4m+tkatwB3IKmoKgQ/uqQG+k86W7sZxBJW6gLwKBgQDD
        AWegxbA171wCW0i1Aqs39Ovofh6b8h/1AFlwS9SB1MA0PMS1SKTFCJPWyPSNn/ev
        +N73t4ANRTJ5H8XSvDS7JD3LjWu7dGz9OKT9vA1LKdNTxbTwoMSDHzgr5Bw0nu0R
        3TIez4PZpytVU7U1e6IGiFB5fSWdQMe5ezp/+pduVQKBgE6FeDJbP2mGt47WmKPX
        CV6aWWfgoplhOfgv0eyMUDL+BrzR7Uord2YKIQ2Bj9lWWEl2UebZv4jcRhOPDn3G
        NUo7jH7MDAyupiU/Ngd69Y+FikSr05awDvcE+r8iTndfGQHx0IDhBhbVtl8c5LJG
        PyiTl7gxQPYFd/N1rqP1dtkN
        -----END PRIVATE KEY-----

        """
    /// The same with a password.
    public static let encrypted = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIIFLTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIZ747MM8YHWoCAggA
        MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAECBBBLl5qZwK7F0rSmirBpIO2DBIIE
        0Hft5englVvw3pKe+gVzMu2mRTBdjHEq58p3jrJIWFgH8t3tst7tlX5O/N5s6Fvd
        6vN5ARE06nZJIRkxbSYLO7pyGoyBVDpKgJLpzMlWED9BL9yfKnhOrlAWSaP+jBFB
        k3CmI5Ubrl5UJ21J2ovjP9DsR6nMQ33wILMsUabqDlDuDnDQN5X/JCs73hefbNN7
        H+3UiSuedUohx3Rfw5EN9jdtXAgQsAYVft2/VBii4OkVHw0mJ/aFZgVA15tfgQQ6
        3Ihp8CVj8mwFD99K9VOI0AyENK4YPPCBLph2lJCXs+JfvtJuRt6Ce1C/2tdN9PFg
        7wmjLzsE+/k14wi4J3MFm380Sot0MEQV/BNz/0UfZEn2OS4nOqbb1uVsEdhErcKE
        PVJc3W6JnNwL8cBl3Q5L4YeqTKA1itgNJVQBFEDzEiNCvLrEX0Zq3k7MJJ+HSAfd
        clwRuZ85uQY/vsU5kXtDQ89/8fw2cY4Qq8fDvVuXRRDyOByS8969G2+EUiDplqod
        sPuu7vFn9HSW4iDqSpAY9oWzjE1WCQmqJGIscJghDo3CcU2yoZ7OPDzVRBPIpwSX
        ct0YnWeT2YMc/VP2MBSt4hLZ+w2soBtbzXXGLROG5tov7mqEqz+FzieBGxDYOpud
        5zYM5WWwUQrTYooQY68FO5lIXXApI3odUh/kdxFo8G98Rjt1Q7g4dRpUSJXLdf4c
        VvQgS5TMikfT7G1JQAvWmHPhGlQbbqqmtjtpzttHmbeIXj9dlF1VCkPHdOCE/aRo
        +OEyn6rob9hEaEnSasIhFWKb9C7396kVElSrvXnmng3OjlTB0LBr+nly1xeDyayC
        DpV8Gpqo1zGbeIvq3zaPsbPBhQXXBN5usQkfdeEVDiaTcsVWFTjoCS9YkPPWRhut
        u5EItkx9kfcUp6echjjFM/mj8ijKREAJ8mYXSBhmE+/W3aPXO6jGM0xgB/tEWC+7
        VEuTlF5+UgxBIl4TmXbLzBE31eiuSgDDvJV29f9+ISgiuMF2TEse+w9tIx2KaUbq
        PDb37BkY9SIim3IyjRODnQeq2GTS31C/NzVWR5rMdkBTBjPbfJl12PHvCnd81s+9
        LUuB4vKMguw6k2p6L16dQEklTyV9NMYSPe6Lb7An4KdkuFlVgWBn/Hs4Q5vSq5Gf
        u0vv4OmdxxNEgFbAFDqarp2eiXttb1HedWhWaZEoDN+F3bPD85uChvv7gUtk8pNZ
        6iY1BBuIvbfMxdTRjczAt9JgC+acqBU/bJKX820MUo78SZaMP2NOZ80gjL13ZNRN
        pGXLD+Yt/9pNPCeZm0FWwWlxBSdjV00iqSCte9AeBq7Xsl8DB5M43Cwy6iWroJBX
        mZ0l1HVruSy/kmWrRYjDtMgLHDSeoPzbblnoYDSCepDnny85rcmIXuxyL+p3m4Qm
        4bwFEkz6R227vswOC7jKRWv5Q98a866FmXLQgEwfr5ITFrojaJtcSBNoWxvE5ilW
        JFoSsSliClou5DZkn7Nio3SQkYzRp0ust3d5Z3UMwD2G5Tnki/PvsI8Zx2WD/L1g
        pq/lFnd4TQIIO3IejtcmcrH1TK/ts0w20Je+65Y5MOMXT1u8iDeVxjCKQdzr7A2a
        bYbRJf9CSL/8pwqK7uVoCRhMyiRse7C8IzbaOBVqVTVO
        -----END ENCRYPTED PRIVATE KEY-----

        """
    /// 1024 bits.
    public static let short = """
        -----BEGIN PRIVATE KEY-----
        MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALhDgmTD8sO6Fvc5
        1UIuZTUrzcBAuBgfiVVIGGzBSG3SgISKk4iIGToymQNBlVODBrJGP/uaP0XGCRD1
        raEBvMPfwmwqtl+wnKTUWavZvXnxIKVO4nGgMrkz9ExQQ9Fwk5TYKJ3tM5y6MWlD
        rm0DrgqdkSQ3Tryv+LUzeC7oRdFLAgMBAAECgYA8jPKsaje8WcpyM28A8H4RmvNh
        2eKlCrf2blqYYmuKq0HQTDlvBEpF9ZqSl1qattPcgXlFFMr2Ar239QO5hPiiVjL+
        ISGRC6R5LjSM5KZSOMzgEDaOesGmhuRzuwfxLmTsyXCWM6eiQBJdygISgwshc8Sg
        jz6aLLwigQvxATvvAQJBAOhxsJNLmd1C87sCjSkpu8uOmPTItXYw3mqxbk+7wlJ5
        eqKbrL5U4C4fAQMeC9kRYa7+CKwzWIEv2Sk2r0SKGiUCQQDK7999LI3AdKRS/u2z
        ZE2QFuNOCiebjQ+O7nw/uh/4LlH0iSR8HT1oEg1iCiUBLYicuCTRG6jl3ZmBhoOq
        zoqvAkB9wey3dEKVjACToAjBSXv54HdukBxlCoF7Fe3Jo5q5xlGMIk9uVjtHmKyS
        hDICyb2g0H3etJTgqAOEobpniZQlAkEApnQoMSjpQDGsUzMsz1b3U7eiS/GCWVFT
        sJ4mpbLJ5CxCJrySg4cMRh+AgKjnf1bU1g8oi6gPWjPwZFBsER8GmwJAayppfaK4
        1SHFrN8n34qlMNXMoM4JzaKcY1QeA4/7OjqG++6b2YaKcOYb+w2g0eN776/ojQ3h
        +UEmhHhwo4S5jw==
        -----END PRIVATE KEY-----

        """
    public static let message = "header.claims"
    /// `openssl dgst -sha256 -sign`
    public static let signature = """
        790a217a7fdefe8ffbb0fa9d81fc846c579e82b279c3e3bf4970dcab9747438da109c25404bdfd4c93c969e8cb
        a2c587c3bc2a2f0d639467e3c41c2db01d46aacfa6afa8b3902e27e0491d06021d883ed68913a1ebb9a5dcf768
        d971797da8422edcc6aa5c24efa8563882af50f3c9cee511b2a1695a87795cce893736655d2d877072fb99e462
        9d2e7683c6a48e00b33e37283fc90b2143849f273553df7b3de22e7a0e9fc5c561484afa9c7ba3fc74926912b5
        95dacabdfe3bbdd758aaa1cd9aa9bf5e6d76ab4fb3f876c0ac0efe65d60af79c82d465d9be1ef2f87865eddf5c
        3db1d5fa1a094c500df0f074ccd3f9e8c40ebee857ab09eda3aa856493ec0f
        """
}
