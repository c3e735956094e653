package domain

import (
	"slices"
	"strings"
)

// Cloud is the login host of a Microsoft cloud.
type Cloud string

// The clouds by name. [AuthorityURL] makes authorities of them.
const (
	AzurePublic       Cloud = "login.microsoftonline.com"
	AzureUSGovernment Cloud = "login.microsoftonline.us"
	AzureChina        Cloud = "login.partner.microsoftonline.cn"
	AzureBleu         Cloud = "login.sovcloud-identity.fr" // France
	AzureDelos        Cloud = "login.sovcloud-identity.de" // Germany
	AzureGovSG        Cloud = "login.sovcloud-identity.sg" // Singapore
)

// AuthorityURL returns the authority of a tenant in a Microsoft cloud, for
// configuration: AuthorityURL(AzurePublic, "contoso.onmicrosoft.com").
func AuthorityURL(c Cloud, tenant string) string {
	return "https://" + strings.TrimRight(string(c), "/") + "/" + strings.Trim(tenant, "/")
}

// CloudInfo describes a Microsoft cloud: its hosts are names of one service.
type CloudInfo struct {
	PreferredNetwork string   // the host to talk to
	Aliases          []string // every host, the preferred one included
}

// clouds is what instance discovery publishes, as of 2026. It changes about once
// in three years, so a client needs no discovery before its first token.
var clouds = []CloudInfo{
	{string(AzurePublic), []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}},
	{string(AzureChina), []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}},
	{string(AzureUSGovernment), []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}},
	{"login-us.microsoftonline.com", []string{"login-us.microsoftonline.com"}},
	{"login.microsoftonline.de", []string{"login.microsoftonline.de"}},
	{string(AzureBleu), []string{"login.sovcloud-identity.fr"}},
	{string(AzureDelos), []string{"login.sovcloud-identity.de"}},
	{string(AzureGovSG), []string{"login.sovcloud-identity.sg"}},
}

// cloudOfHost finds a cloud by any of its hosts.
var cloudOfHost = func() map[string]*CloudInfo {
	m := make(map[string]*CloudInfo)
	for i := range clouds {
		for _, alias := range clouds[i].Aliases {
			m[alias] = &clouds[i]
		}
	}
	return m
}()

// LookupCloud returns the Microsoft cloud that a host (lower case) belongs to.
func LookupCloud(host string) (CloudInfo, bool) {
	if c, ok := cloudOfHost[host]; ok {
		return CloudInfo{PreferredNetwork: c.PreferredNetwork, Aliases: slices.Clone(c.Aliases)}, true
	}
	return CloudInfo{}, false
}

// CanonicalEnvironment returns the name under which tokens of a host are cached.
func CanonicalEnvironment(host string) string {
	if c, ok := cloudOfHost[host]; ok {
		return c.PreferredNetwork
	}
	return host
}
