package web

import (
	"net/http"

	"github.com/vedette-soc/vedette/ref"
)

// route is one line of the table of everything people can ask for.
type route struct {
	pattern string
	need    ref.Role // the least role; Nobody = also before signing in
	do      handler
}

// handler answers a request with a page, an error, both (a form shown again with
// what is wrong), or neither when it has written the answer itself.
type handler func(s *server, w http.ResponseWriter, r *http.Request, v visitor) (page, error)

var routes = []route{
	{"GET /sign-in", ref.Nobody, (*server).showSignIn},
	{"POST /sign-in", ref.Nobody, (*server).postSignIn},
	{"GET /setup", ref.Nobody, (*server).showSetUp},
	{"POST /setup", ref.Nobody, (*server).postSetUp},
	{"POST /sign-out", ref.Viewer, (*server).postSignOut},
	{"POST /theme", ref.Viewer, (*server).postTheme},

	{"GET /{$}", ref.Viewer, (*server).showQueue},
	{"POST /queue", ref.Analyst, (*server).postQueue},
	{"GET /live", ref.Viewer, (*server).live},
	{"GET /incidents/{id}", ref.Viewer, (*server).showIncident},
	{"GET /quality", ref.Viewer, (*server).showQuality},
	{"GET /suppressions", ref.Viewer, (*server).showSuppressions},
	{"POST /suppressions/{id}/accept", ref.Analyst, (*server).postSuppress},
	{"POST /suppressions/{id}/dismiss", ref.Analyst, (*server).postSuppress},
	{"POST /suppressions/{id}/undo", ref.Analyst, (*server).postSuppress},
	{"POST /incidents/{id}/merge", ref.Analyst, (*server).postMerge},
	{"POST /incidents/{id}/split", ref.Analyst, (*server).postSplit},
	{"POST /incidents/{id}/verdict", ref.Analyst, (*server).postVerdict},
	{"POST /incidents/{id}/assign", ref.Analyst, (*server).postAssign},
	{"POST /incidents/{id}/note", ref.Analyst, (*server).postNote},
	{"POST /incidents/{id}/reopen", ref.Analyst, (*server).postReopen},
	{"GET /events/{seq}", ref.Viewer, (*server).showEvent},

	{"GET /intel", ref.Viewer, (*server).showSearch},
	{"POST /intel/import", ref.Analyst, (*server).postImport},
	{"GET /indicators/{id}", ref.Viewer, (*server).showIndicator},
	{"POST /indicators/{id}/pin", ref.Analyst, (*server).postPin},
	{"GET /lookup", ref.Viewer, (*server).showLookup},
	{"GET /entities/{id}", ref.Viewer, (*server).showEntity},
	{"POST /entities/{id}/same", ref.Analyst, (*server).postSame},
	{"POST /entities/{id}/targeting", ref.Analyst, (*server).postTargeting},
	{"GET /threats", ref.Viewer, (*server).showThreats},
	{"GET /attack", ref.Viewer, (*server).showAttack},
	{"GET /attack/layer", ref.Viewer, (*server).showLayer},
	{"GET /techniques/{id}", ref.Viewer, (*server).showTechnique},

	{"GET /hunt", ref.Viewer, (*server).showHunt},
	{"POST /hunts", ref.Analyst, (*server).postHunt},
	{"GET /hunts/{id}", ref.Viewer, (*server).showSaved},
	{"POST /hunts/{id}/run", ref.Analyst, (*server).postHuntRun},
	{"POST /hunts/{id}/delete", ref.Analyst, (*server).postDeleteHunt},
	{"POST /hunt/lists", ref.Analyst, (*server).postHuntList},
	{"POST /hunt/retro", ref.Analyst, (*server).postRetro},

	{"GET /feeds", ref.Viewer, (*server).showFeeds},
	{"POST /feeds", ref.Admin, (*server).postFeed},
	{"GET /feeds/audit", ref.Viewer, (*server).showFeedAudit},
	{"GET /feeds/{id}", ref.Viewer, (*server).showFeed},
	{"POST /feeds/{id}/retire", ref.Admin, (*server).postRetire},
	{"POST /feeds/{id}/switch", ref.Admin, (*server).postSwitch},
	{"POST /feeds/{id}/run", ref.Analyst, (*server).postRun},
	{"POST /feeds/{id}/acknowledge", ref.Analyst, (*server).postAcknowledge},
	{"POST /feeds/{id}/delete", ref.Admin, (*server).postDeleteFeed},

	{"GET /rules", ref.Viewer, (*server).showRules},
	{"POST /rules", ref.Analyst, (*server).postPack},
	{"POST /rules/source", ref.Analyst, (*server).postSourceSwitch},
	{"GET /rules/{id}", ref.Viewer, (*server).showRule},
	{"POST /rules/{id}/switch", ref.Analyst, (*server).postRuleSwitch},
	{"POST /rules/{id}/exceptions", ref.Analyst, (*server).postException},
	{"POST /rules/{id}/exceptions/{exception}/end", ref.Analyst, (*server).postEndException},
	{"POST /rules/{id}/backtests", ref.Analyst, (*server).postBacktest},

	{"GET /reports", ref.Viewer, (*server).showReports},
	{"POST /reports", ref.Analyst, (*server).postReport},
	{"GET /reports/{id}", ref.Viewer, (*server).showReport},
	{"POST /reports/{id}/review", ref.Analyst, (*server).postReview},

	{"GET /blocks", ref.Viewer, (*server).showBlocks},
	{"GET /blocks/new", ref.Viewer, (*server).showBlockPreview},
	{"POST /blocks", ref.Analyst, (*server).postBlock},
	{"POST /blocks/{id}/undo", ref.Analyst, (*server).postUndo},
	{"POST /lists", ref.Admin, (*server).postList},
	{"POST /lists/{id}/rotate", ref.Admin, (*server).postRotate},
	{"POST /lists/{id}/delete", ref.Admin, (*server).postDeleteList},

	{"GET /organisation", ref.Viewer, (*server).showOrg},
	{"POST /organisation", ref.Analyst, (*server).postOrg},
	{"GET /organisation/setup", ref.Analyst, (*server).showOrgSetup},
	{"POST /organisation/setup", ref.Analyst, (*server).postOrgSetup},
	{"POST /organisation/hosts", ref.Analyst, (*server).postStranger},
	{"GET /leaks", ref.Admin, (*server).showLeaks},
	{"POST /leaks", ref.Admin, (*server).postLeaks},
	{"POST /leaks/erase", ref.Admin, (*server).postEraseLeak},
	{"GET /health", ref.Viewer, (*server).showHealth},
	{"GET /audit", ref.Analyst, (*server).showAudit},
	{"GET /people", ref.Admin, (*server).showPeople},
	{"POST /users", ref.Admin, (*server).postUser},
	{"POST /tokens", ref.Admin, (*server).postToken},
	{"POST /tokens/{id}/revoke", ref.Admin, (*server).postRevoke},
}

// Route is one thing people can ask for, and who may.
type Route struct {
	Pattern string   // as of http.ServeMux
	Need    ref.Role // Nobody: also before signing in
}

// Routes lists everything the handler serves beside its static files.
func Routes() []Route {
	out := make([]Route, 0, len(routes))
	for _, r := range routes {
		out = append(out, Route{r.pattern, r.need})
	}
	return out
}
