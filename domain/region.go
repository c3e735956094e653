package domain

import (
	"net/url"
	"strconv"
	"strings"
)

// What a client's AzureRegion may be besides the name of a region.
const (
	// RegionAutoDetect uses the region that the program runs in, when it can be found.
	RegionAutoDetect = "auto-detect"
	// RegionDisabled uses none, whatever the variable MSAL_FORCE_REGION says.
	RegionDisabled = "disabled"
)

// maxRegion is the length of a label in a host name (RFC 1035 §2.3.4).
const maxRegion = 63

// ParseRegion reads the name of an Azure region, as "westeurope" or as people write
// it, "West Europe". It becomes the first label of a host name that secrets go to, so
// nothing but letters and digits is taken.
func ParseRegion(text string) (region string, ok bool) {
	const bytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "
	if strings.Trim(text, bytes) != "" {
		return "", false
	}
	region = strings.ToLower(strings.ReplaceAll(text, " ", ""))
	return region, region != "" && len(region) <= maxRegion
}

// regionalPublicHost is what the public cloud's regional hosts end with.
const regionalPublicHost = "login.microsoft.com"

// RegionalEndpoint returns where the authority's token endpoint is within a region:
// the same path at "<region>.login.microsoft.com" for the public cloud, and for any
// other at "<region>.<the cloud's host>". There is none at an IP address.
func (a Authority) RegionalEndpoint(endpoint, region string) (address string, ok bool) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", false
	}
	host := CanonicalEnvironment(normalHost(u))
	switch {
	case host == string(AzurePublic):
		host = regionalPublicHost
	case host == a.host:
		host = a.Environment()
	}
	if isAddress(u.Hostname()) {
		return "", false
	}
	u.Host = region + "." + host
	return u.String(), true
}

// isAddress reports whether a host is an IP address and no name.
func isAddress(hostname string) bool {
	last := hostname[strings.LastIndexByte(hostname, '.')+1:]
	return strings.Contains(hostname, ":") || strings.Trim(last, "0123456789") == ""
}

// CheckRegion says why requests of this authority cannot go to a region, and what to
// do; "" when they can. Names tell the regions of China and of the US government from
// all others.
func (a Authority) CheckRegion(region string) (problem, remedy string) {
	if a.kind != KindEntra {
		return "does not go with an authority that is " + a.kind.String() + ": only Entra ID has regional hosts", "leave it empty"
	}
	if isAddress(a.hostname()) {
		return "does not go with an authority at an IP address, which can have no regional host", "leave it empty"
	}
	if _, known := cloudOfHost[a.host]; !known || region == RegionAutoDetect {
		return "", ""
	}
	own, cloud := Cloud(a.Environment()), cloudOfRegion(region)
	switch {
	case cloud == own, cloud == AzurePublic && own != AzureChina && own != AzureUSGovernment, own == "login-us.microsoftonline.com":
		return "", ""
	case cloud == AzurePublic:
		return "is no region of the authority's cloud " + string(own), "use a region of that cloud, or the authority of the region's cloud"
	}
	return "is a region of the cloud " + string(cloud) + ", and the authority's is " + string(own),
		"use a region of that cloud, or an authority at https://" + string(cloud)
}

// cloudOfRegion tells by its name which cloud a region belongs to. AzurePublic stands
// for every cloud whose regions have no mark of their own.
func cloudOfRegion(region string) Cloud {
	switch {
	case strings.HasPrefix(region, "usgov"), strings.HasPrefix(region, "usdod"):
		return AzureUSGovernment
	case strings.HasPrefix(region, "china"):
		return AzureChina
	}
	return AzurePublic
}

// RegionOfHost returns the region and the cloud's own host when a host is that of a
// region in a known cloud, such as "westeurope.login.microsoft.com".
func RegionOfHost(host string) (region, central string, ok bool) {
	first, rest, _ := strings.Cut(host, ".")
	if c, known := cloudOfHost[rest]; known {
		if region, ok = ParseRegion(first); ok {
			return region, c.PreferredNetwork, true
		}
	}
	return "", "", false
}

// RegionSource says where the name of a region came from.
type RegionSource uint8

// The sources of a region's name.
const (
	RegionFromConfig      RegionSource = iota + 1 // AzureRegion
	RegionFromForce                               // the variable MSAL_FORCE_REGION
	RegionFromEnvironment                         // the variable REGION_NAME, where RegionAutoDetect is set
	RegionFromIMDS                                // the machine's metadata service, likewise
)

// String returns the source's name, for logs; "" for none.
func (s RegionSource) String() string {
	return [...]string{"", "AzureRegion", "MSAL_FORCE_REGION", "REGION_NAME", "IMDS"}[min(s, RegionFromIMDS)]
}

// RegionOutcome says what came of a client's region for one token.
type RegionOutcome uint8

// The outcomes. The zero value stands for requests that no region serves: there is
// none set, or it is not the client credentials grant.
const (
	RegionUsed        RegionOutcome = iota + 1 // the region's host answered
	RegionNotDetected                          // no region was found: the global host was asked
	RegionFellBack                             // the region's host fails: the global host was asked
)

// String returns the outcome's name, for logs; "" for none.
func (o RegionOutcome) String() string {
	return [...]string{"", "used", "not detected", "fell back"}[min(o, RegionFellBack)]
}

// RegionDetails say which of Entra ID's regions a token came from. They are zero when
// the client has no region, and for tokens from the cache.
type RegionDetails struct {
	Region  string // that is set or was found; "" when none was
	Source  RegionSource
	Outcome RegionOutcome
	// Err is why the region did not serve: what its host failed with, now or minutes
	// ago, or what detection did. Nil when it served.
	Err error
}

// telemetry returns the fields region_used, region_source and region_outcome in MSAL's
// numbers.
func (d RegionDetails) telemetry() string {
	used, source, outcome := "", "", 0
	switch d.Outcome {
	case RegionUsed:
		used, outcome = d.Region, 4 // auto-detection succeeded
		if d.Source <= RegionFromForce {
			outcome = 2 // set, and not compared with what detection says
		}
	case RegionNotDetected:
		source, outcome = "1", 5
	case RegionFellBack:
		outcome = 5
	}
	switch d.Source {
	case RegionFromEnvironment:
		source = "3"
	case RegionFromIMDS:
		source = "4"
	}
	return used + "," + source + "," + strconv.Itoa(outcome)
}
