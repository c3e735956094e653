package keyporttest

import "github.com/seed57855a68/keyport/domain"

const (
	invalidGrant        = domain.CodeInvalidGrant
	interactionRequired = domain.CodeInteractionRequired
	loginRequired       = domain.CodeLoginRequired
	consentRequired     = domain.CodeConsentRequired
	accessDenied        = domain.CodeAccessDenied
	unsupportedType     = "unsupported_response_type"
)

// What is wrong with an authorization request. The first few are for a page: there is
// nowhere to send the user back to.
var (
	noRedirect    = problem{code: invalidRequest, aadsts: 500113, b2c: 90006, msis: 9224, why: "no redirect URI is registered for the application"}
	wrongRedirect = problem{code: invalidRequest, aadsts: 50011, b2c: 90006, msis: 9224}
	expiredPage   = problem{code: invalidRequest, aadsts: 165000, b2c: 90157, why: "the form was not sent by this page"}
	notYourTenant = problem{code: invalidRequest, aadsts: 50020, why: "the user account is not one of this tenant, and not its guest"}

	wrongResponseType = problem{code: unsupportedType, aadsts: 700054, why: "the response type is not enabled for the application: it is not 'code'"}
	wrongResponseMode = problem{code: invalidRequest, aadsts: 70007, b2c: 90052, why: "the response mode is not served: it is neither 'query' nor 'form_post'"}
	noRequestObject   = problem{code: "request_not_supported", aadsts: 90014, why: "request objects are not served"}
	noScope           = problem{code: invalidScope, aadsts: 900144, b2c: 90205, why: "the request must contain the parameter 'scope'"}
	badPrompt         = problem{code: invalidRequest, aadsts: 90023, why: "the value of prompt is not one that the server knows, or 'none' among others"}
	badMaxAge         = problem{code: invalidRequest, aadsts: 90023, why: "max_age is no number of seconds"}
	noChallenge       = problem{code: invalidRequest, aadsts: 50147, b2c: 99059, why: "a public client must send a code_challenge"}
	badChallenge      = problem{code: invalidRequest, aadsts: 501491, why: "code_challenge is not the base64url of a SHA-256"}
	plainChallenge    = problem{code: invalidRequest, aadsts: 50149, why: "code_challenge_method must be S256"}
)

// Why a user is not signed in, or has not let the client do what it wants.
var (
	nobodySignedIn = problem{code: loginRequired, aadsts: 50058, b2c: 90077, why: "nobody is signed in, and prompt=none forbids to ask"}
	severalUsers   = problem{code: interactionRequired, plain: "account_selection_required", aadsts: 16000, why: "several users are signed in, and prompt=none forbids to ask which"}
	tooLongAgo     = problem{code: loginRequired, aadsts: 70043, b2c: 90077, why: "the sign-in is longer ago than max_age allows"}
	notConsented   = problem{code: consentRequired, aadsts: 65001, why: "neither the user nor an administrator has consented to the application"}
	userDeclined   = problem{code: accessDenied, aadsts: 65004, b2c: 90091, why: "the user declined to consent to the application"}
	userCancelled  = problem{code: accessDenied, aadsts: 65004, b2c: 90091, why: "the user has cancelled"}
	userForgot     = problem{code: accessDenied, aadsts: 50126, b2c: 90118, why: "the user has forgotten their password"}
	wrongPassword  = problem{code: accessDenied, aadsts: 50126, b2c: 90225, msis: 0, why: "the user name or the password is wrong"}
	unknownUser    = problem{code: accessDenied, aadsts: 50034, b2c: 90225, why: "there is no such user"}
	takenUsername  = problem{code: accessDenied, aadsts: 50126, why: "the user name is empty or somebody's already, or the password is empty"}
	userDisabled   = problem{code: invalidGrant, aadsts: 50057, b2c: 90225, why: "the user account is disabled"}
	oldPassword    = problem{code: accessDenied, aadsts: 50055, b2c: 90225, why: "the password has expired"}
)

// What is wrong with a user's grant at the token endpoint.
var (
	publicSecret   = problem{code: invalidClient, aadsts: 700025, why: "the client is public, and must present neither a secret nor an assertion"}
	noUserSecret   = problem{code: invalidClient, aadsts: 7000218, b2c: 90079, msis: 9622, why: "the body must contain 'client_assertion' or 'client_secret'"}
	badGrant       = problem{code: invalidGrant, aadsts: 70000, b2c: 90080, msis: 9612}
	spentCode      = problem{code: invalidGrant, aadsts: 54005, b2c: 90088, msis: 9612, why: "the authorization code was redeemed before"}
	lateCode       = problem{code: invalidGrant, aadsts: 70008, b2c: 90080, msis: 9612, why: "the authorization code has expired"}
	otherRedirect  = problem{code: invalidGrant, aadsts: 500112, b2c: 90088, msis: 9609, why: "redirect_uri is another than in the authorization request"}
	wrongVerifier  = problem{code: invalidGrant, aadsts: 50148, b2c: 90183, msis: 9612, why: "code_verifier does not match the code_challenge"}
	otherTenant    = problem{code: invalidGrant, aadsts: 700005, why: "the grant was given in another tenant"}
	lateRefresh    = problem{code: invalidGrant, aadsts: 700082, b2c: 90080, msis: 9615, suberror: domain.SubErrorBadToken, why: "the refresh token has expired due to inactivity"}
	reusedRefresh  = problem{code: invalidGrant, aadsts: 70000, b2c: 90080, msis: 9615, suberror: domain.SubErrorBadToken, why: "the refresh token was used before, so its whole sign-in is revoked"}
	revokedGrant   = problem{code: invalidGrant, aadsts: 50173, b2c: 90129, msis: 9615, suberror: domain.SubErrorBadToken, why: "the grant was revoked, and the user has to sign in again; the password may have been changed"}
	familyMismatch = problem{code: invalidGrant, aadsts: 70000, b2c: 90088, msis: 9615, suberror: domain.SubErrorClientMismatch, why: "the refresh token is another client's, and the client is not in its family"}
	consentMissing = problem{code: invalidGrant, plain: invalidScope, aadsts: 65001, suberror: "consent_required", why: "neither the user nor an administrator has consented to the scopes"}
	claimsMissing  = problem{code: invalidGrant, plain: interactionRequired, aadsts: 50076, suberror: "basic_action", why: "the resource asks for more than the sign-in has proved"}
	noAssertionUse = problem{code: invalidRequest, aadsts: 900144, why: "the body must contain requested_token_use=on_behalf_of and an assertion"}
	badAssertion   = problem{code: invalidGrant, aadsts: 50013, why: "the assertion is no access token of this authority and tenant"}
	otherAudience  = problem{code: invalidGrant, aadsts: 500131, why: "the assertion is for another audience than the application that presents it"}
	lateAssertion  = problem{code: invalidGrant, aadsts: 500133, why: "the assertion is not within its valid time range"}
	appAssertion   = problem{code: invalidGrant, aadsts: 7000114, why: "the assertion is an application's own token, on whose behalf nobody can act"}
	publicOnBehalf = problem{code: invalidClient, aadsts: 7000218, why: "a public client cannot act on behalf of a user"}
)
