// What clients often wish for beside a service's usual scope, how they say it, and what it adds to document and plan.
#include "domain/templates.h"

namespace domain {
namespace {

constexpr TaskPattern payment[] = {
    {"payment", "Backend", "high", 12, "Take payments online",
     "Connect the payment provider for GCash, Maya and cards, verify its notices, process each exactly once, and reconcile what was missed. Card numbers never reach this system.",
     "server"},
    {"checkout", "Frontend", "high", 6, "Build the payment screens", "Build amount, choice of payment, waiting, success and failure, each with what to do next.", "payment layout"},
};
constexpr TaskPattern cash_on_delivery[] = {
    {"cod", "Backend", "medium", 5, "Offer cash on delivery", "Offer it where it is delivered, with its fee and limit, keep such orders apart until they are paid, and record refusals.", "server cart"},
};
constexpr TaskPattern booking[] = {
    {"slots", "Database", "high", 5, "Model bookings and free times", "Define opening hours, duration, capacity and bookings so that no time can be booked twice, also at the same moment.", "data"},
    {"booking", "Frontend", "high", 8, "Build booking with a calendar", "Let people see free times, book, move and cancel, with a confirmation by e-mail, and let the staff block times.", "slots server layout"},
};
constexpr TaskPattern blog[] = {
    {"blog", "Frontend", "medium", 6, "Build the blog", "Build list, article, categories and feed, with dates and authors, that the staff fill by themselves.", "layout server"},
};
constexpr TaskPattern editing[] = {
    {"editing", "Backend", "medium", 8, "Let the staff edit texts and pictures", "Build sign-in for staff and a plain editor with preview and earlier versions.", "server"},
};
constexpr TaskPattern seo[] = {
    {"seo", "Frontend", "medium", 4, "Prepare the pages for search engines", "Set titles, descriptions, structured data, site map and canonical addresses, and register the site with Google Search Console and Business Profile.", "parts"},
};
constexpr TaskPattern languages[] = {
    {"languages", "Frontend", "medium", 6, "Make every text available in each language", "Keep texts apart from the code, switch without losing one's place, mark the language for browsers and search engines, and show dates and money right in each.", "layout"},
};
constexpr TaskPattern accounts[] = {
    {"accounts", "Backend", "high", 10, "Build accounts and sign-in", "Sign-up with e-mail verification, sign-in, forgotten password and the end of sessions, with attempts limited and passwords hashed with Argon2id.", "data server"},
    {"account-pages", "Frontend", "medium", 6, "Build the account pages", "Build sign-up, sign-in, password and profile with clear messages.", "accounts layout"},
};
constexpr TaskPattern roles[] = {
    {"roles", "Backend", "high", 8, "Check roles and approvals at every request", "State for each role what it may see and change, refuse everything else on the server, and test every combination.", "server"},
};
constexpr TaskPattern analytics[] = {
    {"analytics", "Frontend", "low", 3, "Measure visits and goals", "Count visits, the main action and where visitors come from, with consent where it is needed, and show the client how to read it.", "opening"},
};
constexpr TaskPattern chat[] = {
    {"chat", "Frontend", "low", 3, "Connect chat", "Connect Messenger or the chosen chat so that it loads only when it is used, with hours and what happens outside of them.", "layout"},
};
constexpr TaskPattern newsletter[] = {
    {"newsletter", "Backend", "low", 4, "Connect the newsletter", "Take subscriptions with confirmation by e-mail, hand them to the mailing service, and make leaving one click.", "server form"},
};
constexpr TaskPattern map[] = {
    {"map", "Frontend", "low", 3, "Show locations and directions", "Show each address with opening hours, a picture of the map that loads at once, and a link for directions.", "layout"},
};
constexpr TaskPattern gallery[] = {
    {"gallery", "Frontend", "medium", 5, "Build the gallery", "Build overview and single view for pictures of work done, usable by keyboard and swipe, with pictures in the right size for each screen.", "layout"},
};
constexpr TaskPattern motion[] = {
    {"motion", "Frontend", "low", 4, "Add video and motion with care", "Load video only when it is asked for, keep motion short, and leave it out for visitors who asked for none.", "opening"},
};
constexpr TaskPattern integrations[] = {
    {"connect", "Backend", "medium", 10, "Connect the systems in use", "Agree on the direction and timing of each exchange, repeat what failed, log what was sent, and show the staff when something is stuck.", "server", About::technical},
};
constexpr TaskPattern reports[] = {
    {"reports", "Backend", "medium", 8, "Compute figures and exports", "Agree on each figure and its source, compute it on the server, and export lists to CSV and spreadsheets.", "server"},
    {"dashboard", "Frontend", "medium", 8, "Build the dashboard", "Show the figures that are needed every day first, each with its period and the way to the list behind it.", "reports layout"},
};
constexpr TaskPattern uploads[] = {
    {"uploads", "Backend", "medium", 6, "Take and deliver files", "Check type and size, store outside the web root under a checksum, deliver only to those who may see it, and show progress.", "server"},
};
constexpr TaskPattern notifications[] = {
    {"notifications", "Backend", "medium", 6, "Send notifications", "Send what people asked to hear of by e-mail or SMS, each once, in their hours, with a way to switch it off.", "server"},
};
constexpr TaskPattern live[] = {
    {"live", "Backend", "medium", 8, "Keep screens up to date without reloading", "Push changes to open screens, catch up after a lost connection, and fall back to asking where pushing is blocked.", "server layout"},
};
constexpr TaskPattern moving[] = {
    {"moving", "Database", "medium", 6, "Bring over what exists", "Take over texts, pictures or records from what is used today, rehearse it on a copy, count both sides, and redirect old addresses.", "data"},
};
constexpr TaskPattern branding[] = {
    {"branding", "Design", "medium", 8, "Draw the logo and basic brand", "Draw three directions, work out the chosen one, and deliver logo, colours and type for screen and print.", "scope", About::design},
};
constexpr TaskPattern writing[] = {
    {"writing", "Design", "medium", 6, "Write texts and find pictures", "Write the texts with the client, in the tone of the brand, find or take pictures with rights, and have both approved.", "wireframe"},
};
constexpr TaskPattern shipping[] = {
    {"shipping", "Backend", "medium", 8, "Compute delivery and hand over to couriers", "Compute fees by region and weight, offer pick-up where wished, hand orders to the courier, and send the tracking number.", "server cart"},
};
constexpr TaskPattern stock[] = {
    {"stock", "Database", "high", 8, "Keep stock right", "Record receipts, sales and corrections as movements, warn before something runs out, and never let stock fall below zero.", "data"},
};
constexpr TaskPattern promotions[] = {
    {"promotions", "Backend", "low", 6, "Apply vouchers and discounts", "Apply codes, periods and limits on the server, say why a code does not work, and show the staff what it cost.", "server cart"},
};
constexpr TaskPattern reviews[] = {
    {"reviews", "Frontend", "low", 5, "Take and show reviews", "Let customers rate what they bought, let the staff approve and answer, and show it honestly.", "layout server"},
};
constexpr TaskPattern offline[] = {
    {"offline", "Frontend", "medium", 10, "Make it work without a connection", "Keep what is needed on the device, queue what was entered, send it when the connection is back, and show conflicts instead of losing one side.", "layout server"},
};
constexpr TaskPattern app[] = {
    {"app", "Backend", "low", 6, "Prepare the interface for a mobile app", "Document the requests that an app needs, keep them stable by version, and make the site installable on the home screen.", "server"},
};
constexpr TaskPattern search[] = {
    {"search", "Backend", "medium", 6, "Build search and filters", "Find by words, forgive typing errors, filter by what matters, and stay fast with ten times the content.", "server"},
};
constexpr TaskPattern event[] = {
    {"event", "Backend", "high", 5, "Register people for the event", "Take registrations up to the capacity, keep a waiting list, confirm by e-mail with a calendar entry, and give the organiser the list.", "server form"},
};
constexpr TaskPattern privacy[] = {
    {"privacy", "Backend", "high", 6, "Protect sensitive personal data", "List what is kept, why and for how long, encrypt it, log who looks at it, let people see and delete theirs, and prepare the registration with the NPC.", "data server"},
};
constexpr TaskPattern dark[] = {
    {"dark", "Design", "low", 3, "Design the dark appearance", "Choose the colours for dark surroundings with the same contrast, following the device's setting.", "style"},
};

constexpr Wish all[] = {
    {"payment", "payment|payments|pay online|online payment*|payment integration|checkout|gcash|paymaya|maya|paymongo|xendit|stripe|paypal|credit card*",
     "Payment online with GCash, Maya and cards, with a receipt and a clear way on when it fails.",
     "Payment notices are verified and processed exactly once; card numbers never reach this system.", payment},
    {"cash", "cash on delivery|cod|pay on delivery", "Cash on delivery where it is offered, with its fee and limit.", "", cash_on_delivery},
    {"booking", "booking*|book online|appointment*|reservation*|scheduling", "Booking of free times, with confirmation, change and cancellation.",
     "A time cannot be booked twice, also when two people try at the same moment.", booking},
    {"blog", "blog*|news section|news articles", "A blog with categories and a feed, written by the staff.", "", blog},
    {"editing", "cms|content management|edit the content|edit content|edit text*|manage content|wordpress", "Texts and pictures that the staff change by themselves.", "", editing},
    {"seo", "seo|search engine*|google ranking*|rank on google|found on google|help people find us", "Pages that search engines understand, with a Google Business Profile.",
     "Titles, descriptions, structured data and a site map for every page.", seo},
    {"languages", "multilingual|bilingual|english and|filipino and|tagalog and|another language|two languages|translat*",
     "Every page in each language, with a switch that keeps one's place.", "Texts are kept apart from the code; each page states its language.", languages},
    {"accounts", "login|log in|logins|sign in|sign up|user account*|customer account*|member area|membership*|user authentication|authentication|client portal",
     "Accounts with sign-in, forgotten password and profile.", "Passwords are hashed with Argon2id; sessions can be ended; attempts are limited.", accounts},
    {"roles", "user role*|roles|permission*|approval*|workflow*", "Roles that decide who sees, changes and approves what.", "Every request is authorised on the server.", roles},
    {"analytics", "analytics|tracking pixel*|conversion tracking|facebook pixel|measure visit*", "Figures on visits and on the main action.", "", analytics},
    {"chat", "chat|live chat|chatbot*|messenger chat|whatsapp|viber", "Chat with the client's staff, with its hours.", "", chat},
    {"newsletter", "newsletter*|mailing list|mailchimp|email marketing|e mail marketing|subscribe*", "A newsletter with confirmed subscriptions.", "", newsletter},
    {"map", "google map*|location map|maps|directions|store locator|branches", "Locations with opening hours and directions.", "", map},
    {"gallery", "gallery|galleries|portfolio|show our work|lookbook", "A gallery of work done.", "", gallery},
    {"motion", "video|videos|animation*|animated|parallax", "Video and motion that serve the message.", "Video loads only when it is asked for.", motion},
    {"integrations", "integrations|integrate with|api|apis|crm|hubspot|salesforce|zapier|quickbooks|xero|loyverse|third party|barcode*|google calendar|sap|erp",
     "An exchange with the systems that are in use.", "Each exchange is repeated when it fails, and logged.", integrations},
    {"reports", "reports|reporting|dashboard*|statistics|charts|exports", "A dashboard and reports, with export.", "", reports},
    {"uploads", "file upload*|uploads|upload|attachments|file sharing", "Files that are uploaded, checked and shown to those who may see them.", "Files are stored outside the web root under their checksum.",
     uploads},
    {"notifications", "notification*|sms|text message alert*|email alert*|reminder*", "Notifications by e-mail or SMS that can be switched off.", "", notifications},
    {"live", "real time|realtime|live update*|live tracking", "Screens that stay up to date without reloading.", "", live},
    {"moving", "will be replaced|redesign*|migrate|migration|existing website|old website|current website|import|imports|importing|existing data|excel|spreadsheet*",
     "What exists today is brought over and counted on both sides.", "Old addresses lead to the new ones.", moving},
    {"branding", "logo design|new logo|need a logo|branding|brand identity|rebrand*", "A logo and the basics of a brand.", "", branding},
    {"writing", "copywriting|please write|write the text*|write the content|write our|need photos|photo shoot", "Texts and pictures made for the project.", "", writing},
    {"shipping", "shipping|courier*|lalamove|lbc|j t express|ninja van|grab express|own riders|pick up only|delivery fee*",
     "Delivery fees by region, and couriers with tracking.", "", shipping},
    {"stock", "inventory|stock level*|warehouse*|stocks", "Stock that is right, with a warning before it runs out.", "Stock changes are movements that add up.", stock},
    {"promotions", "discount*|coupon*|voucher*|promo code*|loyalty|gift card*", "Vouchers and discounts.", "", promotions},
    {"reviews", "product review*|customer review*|reviews|rating|ratings", "Reviews by customers, approved by the staff.", "", reviews},
    {"offline", "offline|without internet|poor signal|no signal", "Work goes on without a connection.", "Entries made offline are kept and sent later; conflicts are shown.", offline},
    {"app", "mobile app*|android app*|ios app*|pwa|installable", "An interface that a mobile app can use later.", "", app},
    {"search", "site search|product search|search and filter*|search function*|filters|search bar", "Search with filters.", "", search},
    {"event", "event registration|rsvp|event ticket*|sell tickets|webinar*", "Registration for the event, with capacity and waiting list.", "", event},
    {"privacy", "sensitive personal data|medical record*|health record*|patient record*|government id*|personal data",
     "Sensitive personal data is protected, and people can see and delete theirs.", "Encryption at rest, a log of who looked, and registration with the National Privacy Commission.", privacy},
    {"dark", "dark mode|dark theme", "A dark appearance that follows the device.", "", dark},
};

}  // namespace

std::span<const Wish> wishes() { return all; }

}  // namespace domain
