// Package dashboard serves a page about the deployments of an account, and takes what people ask
// for on it. Start at New.
//
// One poller reads AWS for all viewers, with the caller's credentials, and only while somebody
// looks. The pages are made on the server. A script updates them in place from server-sent
// events; without it they are complete too.
package dashboard
