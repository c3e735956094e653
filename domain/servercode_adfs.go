package domain

// adfsCodes are numbers of Active Directory Federation Services.
var adfsCodes = []ServerCode{
	{"MSIS5007", ProblemPolicy, RetryAfterChange, ActorAdministrator, "the rules of AD FS do not authorise the caller for this relying party", "Have the issuance authorisation rules or the access control policy of the relying party changed."},
	{"MSIS7042", ProblemThrottled, RetryLater, ActorDeveloper, "the browser went back and forth between AD FS and the application too often in a few seconds", "Find out why the application sends the user back, such as a cookie that is lost, before trying again."},
	{"MSIS9223", ProblemRegistration, RetryAfterChange, ActorAdministrator, "AD FS knows no client of this id", "Compare ClientID with the client identifiers of the application groups in AD FS."},
	{"MSIS9224", ProblemRegistration, RetryAfterChange, ActorAdministrator, "the redirect URI is not one of the client's", "Add the redirect URI, letter for letter, to the client in its AD FS application group."},
	{"MSIS9605", ProblemConsent, RetryAfterChange, ActorAdministrator, "the client is not allowed to use the resource", "Grant the client access to the web API in its AD FS application group (Grant-AdfsApplicationPermission)."},
	{"MSIS9607", ProblemRegistration, RetryAfterChange, ActorAdministrator, "the client id is missing, or AD FS knows no client of this id", "Compare ClientID with the client identifiers of the application groups in AD FS."},
	{"MSIS9612", ProblemGrant, RetryAfterUser, ActorUser, "the authorization code is not valid, has expired or was used", restartFlow},
	{"MSIS9614", ProblemGrant, RetryAfterUser, ActorUser, "the refresh token is not valid", signInAgain},
	{"MSIS9622", ProblemCredential, RetryAfterChange, ActorOperator, "the client could not be authenticated", "Compare Credential with the secret or the certificate of the client in its AD FS application group."},
}
