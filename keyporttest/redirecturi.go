package keyporttest

import (
	"net"
	"net/url"
	"slices"
)

// redirectURI finds where the answer goes: a registered URI, letter by letter
// (RFC 9700 §2.1), or, when the request names none, the first that is registered.
func (app App) redirectURI(asked string) (string, *problem) {
	switch {
	case len(app.RedirectURIs) == 0:
		return "", &noRedirect
	case asked == "":
		return app.RedirectURIs[0], nil
	}
	if slices.ContainsFunc(app.RedirectURIs, func(registered string) bool { return isRedirectTo(registered, asked) }) {
		return asked, nil
	}
	return "", wrongRedirect.because("the redirect URI '" + asked + "' is not among those that are registered for the application")
}

// isRedirectTo compares a registered URI with the one that was asked for.
//
// RFC 8252 §7.3: "The authorization server MUST allow any port to be specified at the
// time of the request for loopback IP redirect URIs". That goes for those which are
// registered without one.
func isRedirectTo(registered, asked string) bool {
	if registered == asked {
		return true
	}
	r, err1 := url.Parse(registered)
	u, err2 := url.Parse(asked)
	if err1 != nil || err2 != nil || !isLoopback(r) || r.Port() != "" || u.Port() == "" {
		return false
	}
	u.Host = u.Hostname()
	if net.ParseIP(u.Host).To4() == nil && net.ParseIP(u.Host) != nil {
		u.Host = "[" + u.Host + "]"
	}
	return u.String() == registered
}

func isLoopback(u *url.URL) bool {
	return u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
}

// originOf is what a Content-Security-Policy calls the place of a redirect URI: the
// origin, or the scheme of an app that is installed.
func originOf(redirectURI string) string {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme == "" {
		return ""
	}
	if u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
