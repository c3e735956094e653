package authority

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/strictjson"
	"github.com/seed57855a68/keyport/application/internal/throttle"
	"github.com/seed57855a68/keyport/domain"
)

// parse reads a metadata document (OIDC Discovery §3) and decides whether it may
// speak for a.
func parse(a domain.Authority, answer exchange.Answer, now time.Time) (domain.ServerMetadata, error) {
	bad := func(field, problem string, err error) (domain.ServerMetadata, error) {
		return domain.ServerMetadata{}, &domain.ResponseError{
			Operation: metadata, Host: a.Host(), Status: answer.Status, Field: field, Problem: problem, Err: err,
			Remedy: "check the " + fieldOf(a), RetryAfter: throttle.RetryAfter(answer.Header, now),
		}
	}
	if answer.Status >= 300 && answer.Status < 400 {
		return bad("", "is a redirect to another host", domain.ErrRedirectRefused)
	}
	if answer.Status != 200 {
		return bad("", "holds no document", nil)
	}
	m, field, problem, err := Decode(answer.Body)
	if problem != "" || err != nil {
		return bad(field, problem, err)
	}
	if problem := a.CheckIssuer(m.Issuer); problem != "" {
		return bad("issuer", problem, nil)
	}
	if field, problem := m.Check(); problem != "" {
		return bad(field, problem, nil)
	}
	if field := a.ForeignEndpoint(m); field != "" {
		return bad(field, "is on another host than the authority and its issuer", nil)
	}
	if m.TokenEndpoint == "" {
		return bad("token_endpoint", "is missing", nil)
	}
	return m, nil
}

// Decode reads the members of a metadata document, and says which of them is of a wrong
// type. What they say is not looked at.
func Decode(document []byte) (m domain.ServerMetadata, field, problem string, err error) {
	o, err := strictjson.Parse(document)
	if err != nil {
		return domain.ServerMetadata{}, "", "", err
	}
	for name, into := range map[string]*string{
		"issuer":                        &m.Issuer,
		"token_endpoint":                &m.TokenEndpoint,
		"authorization_endpoint":        &m.AuthorizationEndpoint,
		"device_authorization_endpoint": &m.DeviceAuthorizationEndpoint,
		"userinfo_endpoint":             &m.UserInfoEndpoint,
		"end_session_endpoint":          &m.EndSessionEndpoint,
		"revocation_endpoint":           &m.RevocationEndpoint,
		"jwks_uri":                      &m.JWKSURI,
	} {
		if *into, err = o.String(name); err != nil {
			return domain.ServerMetadata{}, name, "is not a string", nil
		}
	}
	for name, into := range map[string]*[]string{
		"token_endpoint_auth_methods_supported":            &m.TokenEndpointAuthMethods,
		"token_endpoint_auth_signing_alg_values_supported": &m.TokenEndpointAuthSigningAlgs,
		"id_token_signing_alg_values_supported":            &m.IDTokenSigningAlgs,
		"response_modes_supported":                         &m.ResponseModes,
	} {
		if *into, err = o.Strings(name); err != nil {
			return domain.ServerMetadata{}, name, "is not a list of strings", nil
		}
	}
	m.IssuerInResponse = string(o["authorization_response_iss_parameter_supported"]) == "true"
	return m, "", "", nil
}

// DecodeClouds reads the list of clouds of an instance discovery document, and says what
// is wrong with it.
func DecodeClouds(document []byte) (clouds []domain.CloudInfo, problem string, err error) {
	o, err := strictjson.Parse(document)
	if err != nil {
		return nil, "", err
	}
	var list []json.RawMessage
	if json.Unmarshal(o["metadata"], &list) != nil || len(list) == 0 {
		return nil, `has no list "metadata"`, nil
	}
	for i, raw := range list {
		entry, err := strictjson.Parse(raw)
		if err != nil {
			return nil, fmt.Sprintf("has a metadata[%d] that is no object", i), nil
		}
		network, wrongNetwork := entry.String("preferred_network")
		aliases, wrongAliases := entry.Strings("aliases")
		if wrongNetwork != nil || wrongAliases != nil || network == "" {
			return nil, fmt.Sprintf(`has a metadata[%d] without "preferred_network" and "aliases"`, i), nil
		}
		clouds = append(clouds, domain.CloudInfo{PreferredNetwork: network, Aliases: aliases})
	}
	return clouds, "", nil
}

// isOutage reports whether an old document is better than none: the server could
// not be reached, failed or had no time, as opposed to saying something that must be
// heeded.
func isOutage(err error) bool {
	return errors.Is(err, domain.ErrUnavailable) || errors.Is(err, domain.ErrThrottled)
}
