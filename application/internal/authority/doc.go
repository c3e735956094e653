// Package authority finds out where an authority's endpoints are.
//
// Entra ID's follow from its name in the known clouds, so nothing is asked. Every
// other server publishes a metadata document. It is checked for the issuer and for
// https endpoints before it is cached and before any secret goes where it points,
// each time that it is used: a shared HTTP cache is not trusted more than a server.
package authority
