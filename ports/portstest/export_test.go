package portstest

import "slices"

// Subtests returns the names of the subtests of each suite.
func Subtests() map[string][]string {
	tokenCache := slices.Concat(storeChecks, updateChecks, contextChecks, keysChecks, togetherChecks)
	all := map[string][]string{
		"TokenCache":       names(tokenCache),
		"SharedTokenCache": names(slices.Concat(sharedChecks, togetherChecks)),
		"HTTPCache":        names(httpCacheChecks),
		"Locker":           names(lockerChecks),
		"Sealer":           names(sealerChecks),
		"RedirectListener": names(redirectListenerChecks),
	}
	for _, c := range httpClientChecks {
		all["HTTPClient"] = append(all["HTTPClient"], c.name)
	}
	for _, c := range clockChecks {
		all["Clock"] = append(all["Clock"], c.name)
	}
	for _, c := range browserChecks {
		all["Browser"] = append(all["Browser"], c.name)
	}
	return all
}

func names[Port any](checks []check[Port]) []string {
	var all []string
	for _, c := range checks {
		all = append(all, c.name)
	}
	return all
}
