package domain

// TokenRequest asks a token source for a token. Only Scopes is required.
type TokenRequest struct {
	// Scopes to ask for, one per element.
	Scopes []string
	// Tenant, a GUID or a domain name; when empty, the client's own.
	Tenant string
	// ClaimsChallenge is the JSON object of a claims challenge that a resource sent
	// (decoded); when set, no access token is taken from the cache.
	ClaimsChallenge string
	// ForceRefresh asks the server although the cache has a token.
	ForceRefresh bool
	// CorrelationID is sent as client-request-id; when empty, a random UUID.
	CorrelationID string
}
