package application

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/seed57855a68/keyport/application/internal/keyset"
	"github.com/seed57855a68/keyport/domain"
)

// verifyIDToken returns the claims of the ID token in a response; zero claims when
// there is none. Nothing of a response is cached before this has passed.
func (c *core) verifyIDToken(ctx context.Context, a domain.Authority, got answer, e domain.IDTokenExpectation) (domain.IDTokenClaims, error) {
	if got.IDToken.IsZero() {
		return domain.IDTokenClaims{}, nil
	}
	payload, keyIssuer, err := c.idTokenPayload(ctx, got, &e)
	if err != nil {
		return domain.IDTokenClaims{}, err
	}
	claims, err := domain.ParseIDTokenClaims(payload)
	if err != nil {
		return domain.IDTokenClaims{}, badIDToken(got, "", "", err)
	}
	e.Issuer, e.Tenant = a.IDTokenIssuer(got.metadata)
	e.ClientID, e.AccessToken = c.clientID, got.AccessToken
	if field, problem := claims.Check(e, c.ports.Clock.Now()); field != "" {
		return domain.IDTokenClaims{}, badIDToken(got, field, problem, nil)
	}
	if keyIssuer != "" && strings.ReplaceAll(keyIssuer, domain.IssuerTemplate, claims.TenantID) != claims.Issuer {
		return domain.IDTokenClaims{}, badIDToken(got, "iss", "is not who may sign with this key", nil)
	}
	return claims, nil
}

// idTokenPayload verifies the signature, unless the configuration does without.
func (c *core) idTokenPayload(ctx context.Context, got answer, e *domain.IDTokenExpectation) (payload []byte, keyIssuer string, err error) {
	if c.unverified {
		payload, err = unverifiedPayload(got.IDToken)
		if err != nil {
			err = badIDToken(got, "", "is no JWT", nil)
		}
		return payload, "", err
	}
	v, err := c.keys.Verify(ctx, got.metadata.JWKSURI, got.metadata.IDTokenSigningAlgs, got.IDToken)
	e.Algorithm = v.Algorithm
	return v.Payload, v.KeyIssuer, withCorrelation(err, got.correlationID)
}

// unverifiedPayload is the middle part of a JWT.
func unverifiedPayload(token domain.Secret) ([]byte, error) {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return nil, errors.New("not three parts")
	}
	return base64.RawURLEncoding.DecodeString(parts[1])
}

// cachedClaims are those of an ID token that was verified before it was cached.
func cachedClaims(token domain.Secret) (domain.IDTokenClaims, bool) {
	payload, err := unverifiedPayload(token)
	if err != nil {
		return domain.IDTokenClaims{}, false
	}
	claims, err := domain.ParseIDTokenClaims(payload)
	return claims, err == nil
}

// prepareKeys makes sure that an ID token can be verified before something is spent
// to get one.
func (c *core) prepareKeys(ctx context.Context, a domain.Authority) error {
	if c.unverified {
		return nil
	}
	metadata, err := c.resolver.Resolve(ctx, a)
	if err != nil {
		return err
	}
	return c.keys.Prepare(ctx, metadata.JWKSURI)
}

func badIDToken(got answer, field, problem string, err error) error {
	return &domain.ResponseError{
		Operation: "ID token", Host: hostOf(got.metadata.TokenEndpoint), Status: http.StatusOK, Field: field, Problem: problem,
		Remedy: idTokenRemedy(field), Err: err, CorrelationID: got.correlationID,
	}
}

// idTokenRemedy says what to do about an ID token that is not believed. The problems
// with times say it themselves.
func idTokenRemedy(field string) string {
	switch field {
	case "exp", "iat", "nbf":
		return ""
	case "iss", "tid", "aud", "azp":
		return "nothing of the answer was kept; compare Authority, Tenant and ClientID with those of the sign-in"
	}
	return "nothing of the answer was kept; have the user sign in again"
}

// withCorrelation notes the request in a copy: the error may be another's too.
func withCorrelation(err error, id string) error {
	var bad *domain.ResponseError
	if !errors.As(err, &bad) || bad.CorrelationID != "" || errors.Is(err, keyset.ErrNoKeys) {
		return err
	}
	noted := *bad
	noted.CorrelationID = id
	return &noted
}
