package keyporttest

import "net/http"

// problem is a refusal, with the number that each kind of server gives it and the
// code of RFC 6749 §5.2 that goes with it.
type problem struct {
	code   string // "error", of Entra ID
	plain  string // the same of AD FS and plain issuers, when they say another
	aadsts int    // Entra ID, External ID
	b2c    int    // AADB2C…
	msis   int    // AD FS
	why    string

	suberror string // Entra ID's
	claims   string // to ask for, in JSON
}

// because says more about a problem.
func (p problem) because(why string) *problem {
	p.why = why
	return &p
}

// status is the one of RFC 6749 §5.2.
func (p problem) status(code string) int {
	switch {
	case p.aadsts == notPOST.aadsts:
		return http.StatusMethodNotAllowed
	case code == invalidClient:
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}

const (
	invalidClient  = "invalid_client"
	invalidRequest = "invalid_request"
	invalidScope   = "invalid_scope"
	unauthorized   = "unauthorized_client"
)

// What is wrong with a request, whoever sends it.
var (
	notPOST        = problem{code: invalidRequest, aadsts: 900561, why: "the endpoint takes POST only"}
	malformed      = problem{code: invalidRequest, aadsts: 9002313, b2c: 90083}
	duplicate      = problem{code: invalidRequest, aadsts: 9000411}
	missing        = problem{code: invalidRequest, aadsts: 900144, b2c: 90083}
	wrongGrant     = problem{code: "unsupported_grant_type", aadsts: 70003, b2c: 90086, msis: 9611, why: "the grant type is not served"}
	badClaims      = problem{code: invalidRequest, aadsts: 90023, why: "the claims parameter is no JSON object"}
	noSuchTenant   = problem{code: invalidRequest, aadsts: 90002}
	notATenant     = problem{code: invalidRequest, aadsts: 900023}
	tooManyTenants = problem{code: invalidRequest, aadsts: 50059, why: "an application's own token belongs to one tenant, and the request names none"}
	unknownHost    = problem{code: "invalid_instance", aadsts: 50049}
	missingQuery   = problem{code: invalidRequest, aadsts: 90014}
)

// Who the client is, and whether it is.
var (
	noClientID     = problem{code: invalidRequest, aadsts: 900144, b2c: 90008, msis: 9607, why: "client_id is missing"}
	unknownClient  = problem{code: unauthorized, plain: invalidClient, aadsts: 700016, b2c: 90018, msis: 9607}
	disabledClient = problem{code: unauthorized, aadsts: 7000112, why: "the application is disabled"}
	noGrant        = problem{code: unauthorized, msis: 9605, why: "the client may not use this grant"}
	twoMethods     = problem{code: invalidRequest, aadsts: 9002313, why: "the client authenticates in more than one way"}
	noCredential   = problem{code: invalidClient, aadsts: 7000216, b2c: 90079, msis: 9622, why: "client_secret or client_assertion is required for this grant"}
	badHeader      = problem{code: invalidClient, aadsts: 9002313, msis: 9622, why: "the Authorization header cannot be read"}
	wrongMethod    = problem{code: invalidClient, why: "the client is registered for another way to authenticate"}
	wrongSecret    = problem{code: invalidClient, aadsts: 7000215, b2c: 90081, msis: 9622, why: "the client secret is wrong"}
	expiredSecret  = problem{code: invalidClient, aadsts: 7000222, b2c: 90081, msis: 9622, why: "the client secret has expired"}
)

// What is wrong with a client assertion.
var (
	wrongType        = problem{code: invalidRequest, plain: invalidClient, aadsts: 9002313, b2c: 90016, msis: 9622, why: "client_assertion_type is not that of a JWT"}
	notAJWT          = problem{code: invalidClient, aadsts: 50027, b2c: 90017, msis: 9622}
	wrongAlgorithm   = problem{code: invalidRequest, plain: invalidClient, aadsts: 5002738, b2c: 90017, msis: 9622}
	noThumbprint     = problem{code: invalidClient, aadsts: 5002723, b2c: 90017, msis: 9622, why: "the header names no certificate"}
	wrongSignature   = problem{code: invalidClient, aadsts: 700027, b2c: 90017, msis: 9622}
	wrongIssuer      = problem{code: invalidClient, aadsts: 700021, b2c: 90017, msis: 9622, why: "iss of the assertion is not the client id"}
	wrongSubject     = problem{code: invalidClient, aadsts: 50048, b2c: 90017, msis: 9622, why: "sub of the assertion is not its iss"}
	wrongAudience    = problem{code: invalidClient, aadsts: 700023, b2c: 90017, msis: 9622, why: "the assertion is for another audience"}
	wrongTime        = problem{code: invalidClient, aadsts: 700024, b2c: 90017, msis: 9622, why: "the assertion is not within its valid time range"}
	replayed         = problem{code: invalidClient, why: "the assertion was used before"}
	noJTI            = problem{code: invalidClient, why: "the assertion has no jti"}
	tooLong          = problem{code: invalidClient, why: "the assertion is valid for too long"}
	foreignIssuer    = problem{code: invalidClient, aadsts: 700211, why: "no federated credential has the issuer of the assertion"}
	foreignAudience  = problem{code: invalidClient, aadsts: 700212, why: "no federated credential has the audience of the assertion"}
	foreignSubject   = problem{code: invalidClient, aadsts: 700213, why: "no federated credential has the subject of the assertion"}
	foreignSignature = problem{code: invalidClient, aadsts: 50013, why: "the key of its issuer does not verify the assertion"}
)

// What is wrong with what is asked for.
var (
	notDefault    = problem{code: invalidScope, aadsts: 1002012, b2c: 90117}
	manyResources = problem{code: invalidScope, aadsts: 28000, b2c: 90117, why: "the scopes belong to several resources"}
	noResource    = problem{code: "invalid_resource", aadsts: 500011, b2c: 90117}
	notAllowed    = problem{code: invalidScope, msis: 9602}
)
