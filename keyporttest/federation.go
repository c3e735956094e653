package keyporttest

import (
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

// byFederatedAssertion checks a JWT that another issuer signed (workload identity
// federation).
func (a *Authority) byFederatedAssertion(x *exchange, j jwt) *problem {
	key, known := x.app.Issuers[j.text("iss")]
	switch {
	case !known:
		return &foreignIssuer
	case !slices.Contains(audiences(j.claims["aud"]), exchangeAudience(x.cloud())):
		return &foreignAudience
	case len(x.app.FederatedSubjects) > 0 && !slices.Contains(x.app.FederatedSubjects, j.text("sub")):
		return &foreignSubject
	}
	if _, err := j.jws.Verify(key); err != nil {
		return &foreignSignature
	}
	if !j.isCurrent(a.clock.Now()) {
		return &wrongTime
	}
	return nil
}

// exchangeAudience is what tokens for the exchange are issued for, cloud by cloud.
func exchangeAudience(cloud string) string {
	switch domain.Cloud(cloud) {
	case domain.AzureUSGovernment:
		return "api://AzureADTokenExchangeUSGov"
	case domain.AzureChina:
		return "api://AzureADTokenExchangeChina"
	}
	return "api://AzureADTokenExchange"
}
