package application

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/seed57855a68/keyport/application/internal/strictjson"
	"github.com/seed57855a68/keyport/domain"
)

const userInfoEndpoint = "userinfo endpoint"

// userInfo asks the authority what it knows of the user (OIDC Core §5.3).
func (c *core) userInfo(ctx context.Context, signedIn domain.Result) (domain.UserInfo, error) {
	if err := c.ready(ctx); err != nil {
		return domain.UserInfo{}, err
	}
	claims, err := signedIn.IDTokenClaims()
	if err != nil || claims.Subject == "" {
		return domain.UserInfo{}, &domain.ConfigError{
			Field: "Result", Problem: "has no ID token, so nobody can tell whether the answer is about its user",
			Remedy: "pass the result of a sign-in or of AcquireTokenSilent",
		}
	}
	if at, record := signedIn.Filed(); at.ClientID() != c.clientID || record.Environment != c.environment ||
		c.authority.Kind() == domain.KindOIDC && record.Tenant != c.tenant {
		return domain.UserInfo{}, &domain.ConfigError{
			Field: "Result", Problem: "was not made by this client at this authority, so its token is not sent there", Remedy: "pass a result of the same client",
		}
	}
	metadata, err := c.resolver.Describe(ctx, c.authority)
	if err != nil {
		return domain.UserInfo{}, failedAs("user info", err)
	}
	if metadata.UserInfoEndpoint == "" {
		return domain.UserInfo{}, &domain.ConfigError{Field: "Authority", Problem: "has no userinfo endpoint", Remedy: "use the claims of the ID token"}
	}
	answer, err := c.http.Get(ctx, userInfoEndpoint, metadata.UserInfoEndpoint, http.Header{
		"Authorization": {signedIn.AuthorizationHeader()}, "Accept": {"application/json"},
	})
	if err != nil {
		return domain.UserInfo{}, failedAs("user info", err)
	}
	bad := func(field, problem string, cause error) (domain.UserInfo, error) {
		return domain.UserInfo{}, &domain.ResponseError{
			Operation: userInfoEndpoint, Host: hostOf(metadata.UserInfoEndpoint), Status: answer.Status, Field: field, Problem: problem, Err: cause,
		}
	}
	if answer.Status != http.StatusOK {
		return bad("", "refuses the access token: ask for one with the scope openid", nil)
	}
	object, err := strictjson.Parse(answer.Body)
	if err != nil {
		return bad("", "", err)
	}
	info, err := domain.NewUserInfo(map[string]json.RawMessage(object))
	if err != nil {
		return bad("", "", errors.New("has a claim of the wrong type"))
	}
	if info.Subject != claims.Subject { // OIDC Core §5.3.2: such an answer must not be used
		return bad("sub", "is another user's", nil)
	}
	return info, nil
}
