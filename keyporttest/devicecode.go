package keyporttest

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

const (
	deviceGrant    = "urn:ietf:params:oauth:grant-type:device_code"
	kindDeviceCode = "device code"
)

// DeviceCodes says how device flows go (RFC 8628).
type DeviceCodes struct {
	// Lifetime of the codes, in whole seconds; zero: 15 minutes.
	Lifetime time.Duration
	// Interval that devices leave between two polls, in whole seconds; zero: 5 seconds.
	Interval time.Duration
}

const (
	deviceLife     = 15 * time.Minute
	deviceInterval = 5 * time.Second
)

// SetDeviceCodes sets how the flows go that begin from now on, at all servers.
func (a *Authority) SetDeviceCodes(d DeviceCodes) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flows.devices.policy = d.orDefaults()
}

func (d DeviceCodes) orDefaults() DeviceCodes {
	if d.Lifetime == 0 {
		d.Lifetime = deviceLife
	}
	if d.Interval == 0 {
		d.Interval = deviceInterval
	}
	return d
}

// deviceFlows are the device flows under way. They are guarded by the authority's mu.
type deviceFlows struct {
	policy     DeviceCodes
	byCode     map[string]*device // by device code
	byUserCode map[string]*device // by user code, as it is compared
}

func newDeviceFlows() deviceFlows {
	return deviceFlows{DeviceCodes{}.orDefaults(), map[string]*device{}, map[string]*device{}}
}

// device is a device that waits for its user.
type device struct {
	at        place // where it asked
	clientID  string
	userCode  string // as it is shown
	scopes    []string
	resources []string
	expires   time.Time

	// guarded by the authority's mu
	interval time.Duration
	polled   time.Time   // the last time; zero before the first
	granted  *delegation // what the user has let it do; nil before that
	declined bool        // the user said no
	spent    bool        // the tokens were handed out
}

// deviceAuthorization is the endpoint of RFC 8628 §3.1.
func (a *Authority) deviceAuthorization(x *exchange) answer {
	d, problem := a.readDevice(x)
	if problem != nil {
		return a.refuse(x, problem)
	}
	code := a.addDevice(x, d)
	page := x.verificationURI()
	life, interval := d.expires.Sub(a.clock.Now()), d.interval
	response := map[string]any{
		"device_code": code, "user_code": d.userCode, "verification_uri": page,
		"expires_in": int64(life / time.Second), "interval": int64(interval / time.Second),
	}
	switch {
	case x.authority.Kind() == domain.KindOIDC:
		response["verification_uri_complete"] = page + "?" + url.Values{"user_code": {d.userCode}}.Encode()
		return object(http.StatusOK, response)
	case x.v1: // every number is a text, and the page's name is of before RFC 8628
		delete(response, "verification_uri")
		response["verification_url"] = page
		response["expires_in"], response["interval"] = seconds(life), seconds(interval)
	}
	response["message"] = "To sign in, open the page " + page + " in a web browser and enter the code " + d.userCode + "."
	return object(http.StatusOK, response)
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// readDevice checks who asks, and for what.
func (a *Authority) readDevice(x *exchange) (*device, *problem) {
	if problem := x.checkForm(); problem != nil {
		return nil, problem
	}
	var problem *problem
	if x.tenant, problem = a.tenantOf(x.authority); problem != nil {
		return nil, problem
	}
	if x.authority.Kind().IsMicrosoft() {
		x.app, problem = a.appOf(x, x.form.Get("client_id")) // its credential is for the token endpoint
	} else {
		problem = a.authenticate(x)
	}
	if problem != nil {
		return nil, problem
	}
	if allowed := x.app.GrantTypes; len(allowed) > 0 && !x.isEntra() && !slices.Contains(allowed, deviceGrant) {
		return nil, &noGrant
	}
	r := authorization{params: x.form}
	if problem := a.checkScopes(x, &r); problem != nil {
		return nil, problem
	}
	return &device{at: x.place, clientID: x.app.ClientID, scopes: r.scopes, resources: x.form["resource"]}, nil
}

// addDevice gives a device its codes, and returns the one that is secret.
func (a *Authority) addDevice(x *exchange, d *device) string {
	now, text := a.clock.Now(), "D"+randomText()
	a.learn(kindDeviceCode, text)
	a.mu.Lock()
	defer a.mu.Unlock()
	f := &a.flows.devices
	for d.userCode == "" || f.byUserCode[userCodeKey(d.userCode)] != nil {
		d.userCode = newUserCode(x.authority.Kind())
	}
	d.expires, d.interval = now.Add(f.policy.Lifetime), f.policy.Interval
	hasEnded := func(d *device) bool { return now.After(d.expires.Add(24 * time.Hour)) }
	prune(f.byCode, hasEnded)
	prune(f.byUserCode, hasEnded)
	f.byCode[text], f.byUserCode[userCodeKey(d.userCode)] = d, d
	return text
}

// userCodeLetters are easy to tell apart, and spell no words (RFC 8628 §6.1).
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

// newUserCode returns a code to type, such as "WDJB-MJHT"; Microsoft's are of nine
// letters in a row.
func newUserCode(k domain.AuthorityKind) string {
	code := make([]byte, 0, 9)
	for len(code) < cap(code) {
		var b [1]byte
		_, _ = rand.Read(b[:])
		if n := len(userCodeLetters); int(b[0]) < 256/n*n { // all equally often
			code = append(code, userCodeLetters[int(b[0])%n])
		}
	}
	if k == domain.KindOIDC {
		code[4] = '-'
	}
	return string(code)
}

// userCodeKey is a user code as it is compared.
//
// RFC 8628 §6.1: "the server should strip dashes and other punctuation that it added for
// readability (making the inclusion of such punctuation by the user optional)."
func userCodeKey(code string) string {
	return strings.Map(func(r rune) rune {
		if !strings.ContainsRune(userCodeLetters, r) {
			return -1
		}
		return r
	}, strings.ToUpper(code))
}

// verificationPage is the short address of Microsoft's public cloud.
const verificationPage = "https://microsoft.com/devicelogin"

// verificationURI is where users enter codes. Entra ID has one page for all tenants.
func (x *exchange) verificationURI() string {
	switch kind := x.authority.Kind(); {
	case kind == domain.KindOIDC:
		return x.authority.String() + "/device"
	case kind == domain.KindEntra && x.cloud() == string(domain.AzurePublic):
		return verificationPage
	case kind == domain.KindEntra:
		return "https://" + x.authority.Host() + "/" + domain.TenantCommon + "/oauth2/deviceauth"
	}
	return x.base(x.tenant) + "/oauth2/deviceauth"
}
