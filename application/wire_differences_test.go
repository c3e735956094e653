package application_test

// wireRow says of some flows of some peers that a fact differs, and why that is right.
// Peers, flows and fact are patterns as path.Match has them, alternatives with "|"
// between; each alternative must match something. A value is exact, "" for absent, or
// anything for any that is there.
type wireRow struct{ peers, flows, fact, ours, theirs, reason string }

const anything = "*"

// notCompared are recordings that no flow of this library answers to.
var notCompared = []struct{ peers, flows, reason string }{
	{"*", "device-code*", "to come: device authorization"},
	{"*", "interactive", "to come: sign-in with a browser on this machine"},
	{"*", "ropc-*", "to come: user name and password"},
	{"*", "mi-*", "to come: managed identities"},
	{"*", "cc-fmi", "to come: federated managed identity paths"},
	{"msal-python", "cc-oidc|code-oidc|silent-oidc", "this version has no OIDC authorities, so it sent nothing"},
	{"msal-python|msal-go", "code-ciam-bare", "they refuse a CIAM address without a tenant, so they sent nothing"},
}

const (
	labAnchor    = "Oid:bbbbbbbb-0000-4000-8000-000000000002@aaaaaaaa-0000-4000-8000-000000000001"
	labAnchorB2C = "Oid:bbbbbbbb-0000-4000-8000-000000000002-b2c_1_signin@aaaaaaaa-0000-4000-8000-000000000001"
	b2cPolicy    = "POST https://contoso.b2clogin.com/contoso.onmicrosoft.com/"
)

// differences are all that there are, with their reasons.
var differences = []wireRow{
	// Who asks, and how an answer is asked for.
	{"*", "*", "header x-client-sku", "Keyport.Go", anything, "each names itself"},
	{"msal-node", "*", "library named in", "header", "form", "it shares code with the library for browsers, where a header would cost a preflight request"},
	{"msal-python|msal-node", "*", "header return-client-request-id", "true", "", "asks the server to repeat the id in its answer, where logs and proxies see it"},
	{"msal-go", "*", "header return-client-request-id", "true", "false", "as above"},
	{"msal-go", "*", "header accept", "application/json", "", "says what can be read (RFC 6749 §5.1)"},
	{"msal-node", "*", "header accept", "application/json", "*/*", "as above"},
	{"msal-go", "*", "header content-type", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8", "the type has no charset parameter"},
	{"msal-node", "*", "header content-type", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded;charset=utf-8", "as above"},

	// Telemetry and routing.
	{"msal-go", "*", "header x-client-*-telemetry", anything, "", "it has no telemetry"},
	{"msal-go", "*", "header x-ms-lib-capability", "retry-after, h429", "", "it has no throttling to announce"},
	{"msal-go", "code-*|silent-*", "header x-anchormailbox", labAnchor, "", "it has no routing hint"},
	{"msal-go", "silent-b2c", "header x-anchormailbox", labAnchorB2C, "", "as above"},
	{"msal-python", "cc-*", "header x-client-current-telemetry", "4|730,2|", "4|730,0|", "this version does not look into its cache for an application, so it has no reason to give"},
	{"msal-python", "cc-region", "header x-client-current-telemetry", "5|730,2,westus2,,2|", "4|730,0|", "its schema has no room for regions"},
	{"msal-python", "cc-region-auto-env", "header x-client-current-telemetry", "5|730,2,eastus2,3,4|", "4|730,0|", "as above"},
	{"msal-node", "cc-region", "header x-client-current-telemetry", "5|730,2,westus2,,2|", "5|771,2,westus2,,2|,", "it numbers its methods anew, and says nothing of its platform after the comma"},
	{"msal-node", "cc-region-auto-env", "header x-client-current-telemetry", "5|730,2,eastus2,3,4|", "5|771,2,eastus2,3,4|,", "as above"},
	{"msal-node", "cc-region", "request", "POST https://westus2.login.microsoft.com/aaaaaaaa-0000-4000-8000-000000000001/oauth2/v2.0/token", "POST https://westus2.login.microsoft.com/aaaaaaaa-0000-4000-8000-000000000001/oauth2/v2.0/token/", "it ends the address with a slash there, and nowhere else"},
	{"msal-node", "cc-region-auto-env", "request", "POST https://eastus2.login.microsoft.com/aaaaaaaa-0000-4000-8000-000000000001/oauth2/v2.0/token", "POST https://eastus2.login.microsoft.com/aaaaaaaa-0000-4000-8000-000000000001/oauth2/v2.0/token/", "as above"},
	{"msal-python", "cc-claims", "header x-client-current-telemetry", "4|730,1|", "4|730,0|", "as above"},
	{"msal-python", "cc-refresh-in", "header x-client-current-telemetry", "4|730,4|", "4|730,0|", "as above"},
	{"msal-python", "obo-secret*", "header x-client-current-telemetry", "4|523,2|", "4|523,0|", "it never looks into its cache on behalf of a user, so it has no reason to give"},
	{"msal-python", "obo-claims", "header x-client-current-telemetry", "4|523,1|", "4|523,0|", "as above"},
	{"msal-node", "*", "header x-client-last-telemetry", "4|0|||", "5|0|||0,0", "its schema is 5, ours is MSAL Python's"},
	{"msal-node", "cc-*", "header x-client-current-telemetry", "4|730,2|", "5|771,2,,,|,", "as above, and it numbers its methods anew"},
	{"msal-node", "cc-claims|cc-skip-cache", "header x-client-current-telemetry", "4|730,1|", "5|771,0,,,|,", "as above; it gives no reason when it is told to skip the cache"},
	{"msal-node", "cc-refresh-in", "header x-client-current-telemetry", "4|730,4|", "5|771,4,,,|,", "as above"},
	{"msal-node", "code-*|silent-*", "header x-client-current-telemetry", "4|832,0|", "5|871,0,,,|,", "as above"},
	{"msal-node", "refresh-by-token", "header x-client-current-telemetry", "4|85,1|", "5|872,0,,,|,", "as above"},
	{"msal-node", "silent-claims|silent-force", "header x-client-current-telemetry", "4|84,1|", "5|62,1,,,|,", "as above"},
	{"msal-node", "silent-other-scope", "header x-client-current-telemetry", "4|84,2|", "5|62,2,,,|,", "as above"},
	{"msal-node", "silent-expired*|silent-b2c", "header x-client-current-telemetry", "4|84,3|", "5|62,3,,,|,", "as above"},
	{"msal-node", "obo-*", "header x-client-*-telemetry", anything, "", "it has no telemetry on behalf of a user"},

	// Other servers than Microsoft's.
	{"msal-go|msal-node", "*-oidc|code-oidc-explicit-scopes", "header x-*|header client-request-id|library named in", "", anything, "what only Microsoft's servers read is sent to them only"},
	{"msal-go", "*-oidc", "header return-client-request-id", "", "false", "as above"},
	{"msal-go|msal-node", "code-oidc|silent-oidc|code-oidc-explicit-scopes", "form client_info", "", "1", "as above"},
	{"msal-go|msal-node", "cc-oidc", "form client_id|form client_secret", "", anything, "the secret goes into the header, which every server takes (RFC 6749 §2.3.1)"},
	{"msal-go|msal-node", "cc-oidc", "header authorization", anything, "", "as above"},

	// What is asked for.
	{"msal-go", "cc-*", "form scope", graph, graph + " offline_access openid profile", "the scopes of a sign-in mean nothing where no user is"},
	{"msal-go", "cc-adfs", "form scope", "https://api.contoso.com/.default", "https://api.contoso.com/.default offline_access openid profile", "as above"},
	{"msal-go", "cc-oidc", "form scope", "api/.default", "api/.default offline_access openid profile", "as above"},
	{"msal-go|msal-node", "cc-*", "form client_info", "1", "", "sent with every grant, as MSAL Python does"},
	{"msal-node", "*", "claims id_token *", "", "false", "it asks for members of the ID token that its account list uses"},
	{"msal-python|msal-go", "*-b2c", "request", b2cPolicy + "b2c_1_signin/oauth2/v2.0/token", b2cPolicy + "B2C_1_signin/oauth2/v2.0/token", "the case of a user flow does not count, so one spelling is sent and cached"},

	// Client assertions.
	{"msal-python|msal-node", "cc-cert-x5c|cc-cert-x5c-sha1|code-confidential-cert", "assertion header alg", "PS256", "RS256", "they were given a SHA-1 thumbprint; we take the certificate and compute SHA-256 (RFC 7515 §4.1.8)"},
	{"msal-python", "cc-cert-x5c|code-confidential-cert", "assertion header x5t", "", "base64url with padding", "as above"},
	{"msal-node", "cc-cert-x5c-sha1|code-confidential-cert", "assertion header x5t", "", "base64url", "as above"},
	{"msal-python|msal-node", "cc-cert-x5c|cc-cert-x5c-sha1|code-confidential-cert", "assertion header x5t#S256", "base64url", "", "as above"},
	{"msal-python", "cc-cert-x5t", "assertion header x5t", "base64url", "base64url with padding", "base64url has no padding (RFC 7515 §2)"},
	{"msal-go", "cc-cert-x5c|cc-cert-x5t|code-confidential-cert", "assertion header x5t#S256", "base64url", "base64url with padding", "as above"},
	{"msal-python", "cc-cert-x5c", "assertion header x5c", "a list", "a list with line breaks", "base64 in x5c has no line breaks (RFC 7515 §4.1.6)"},
	{"msal-python", "cc-cert-*|code-confidential-cert", "assertion claim exp|assertion claim iat", "an integer", "a fraction", "whole seconds are read by every server"},
	{"msal-python", "cc-cert-*|code-confidential-cert", "assertion claim nbf", "an integer", "", "all three times are given (RFC 7523 §3)"},
	{"msal-go", "cc-cert-*|code-confidential-cert", "assertion claim iat", "an integer", "", "as above"},

	// When the server is asked.
	{"msal-python", "cc-secret-twice|obo-secret-twice", "number of requests", "1", "2", "this version looks into its cache in silent calls only"},
	{"msal-python", "cc-secret-twice", "result", "at-client_credentials-1.lab-access-token", "at-client_credentials-2.lab-access-token", "as above"},
	{"msal-python", "obo-secret-twice", "result", "at-jwt-bearer-1.lab-access-token", "at-jwt-bearer-2.lab-access-token", "as above"},
	{"msal-python|msal-go", "cc-refresh-in", "result", "at-client_credentials-1.lab-access-token", "at-client_credentials-2.lab-access-token", "a token past its refresh time is handed out at once and renewed behind; they make the caller wait"},
	{"msal-go", "cc-http-429", "number of requests", "1", "2", "it asks again before the pause is over that the server asked for (Retry-After)"},
}
