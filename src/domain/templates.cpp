// The templates: landing page, business website, shop, web application, and one for whatever else is sold.
// Hours are an agency's estimates of what each task takes beside the others; planner.cpp scales them to the price.
#include "domain/templates.h"

#include "domain/task_words.h"

namespace domain {
namespace {

using std::string_view;

// ---- Landing page

constexpr string_view landing_audience[] = {
    "First-time visitors who come from a search, an advertisement or a shared link, most of them on a phone, and decide within seconds whether to stay.",
    "Visitors who are nearly convinced and look for a price, a proof or a way to ask.",
    "The client's staff, who receive the enquiries and answer them.",
};
constexpr string_view landing_features[] = {
    "One page that says in its first screen what is offered, for whom, and what to do next.",
    "One main call to action, repeated where a visitor may be ready for it.",
    "An enquiry form that says what is wrong in plain words and loses nothing that was typed.",
    "Each enquiry stored and sent to the client by e-mail, with a confirmation to the sender.",
};
constexpr string_view landing_technical[] = {
    "Served as static files over HTTPS; readable without JavaScript, the form included.",
    "Opens within 2.5 seconds on a mid-range phone over 4G (Largest Contentful Paint).",
    "Works from 360 pixels of width upwards in current versions of Chrome, Safari, Firefox and Edge.",
    "Personal data is handled under the Data Privacy Act of 2012 (RA 10173): a notice at the form, and only what is needed is stored.",
};
constexpr string_view landing_design[] = {
    "One visual idea, carried by type, colour and space; text contrast of at least 4.5 : 1.",
    "Touch targets of at least 44 pixels, a visible focus, and no movement for visitors who asked for none.",
};
constexpr string_view landing_success[] = {
    "At least 3 of 100 visitors use the call to action in the first month.",
    "Every enquiry reaches the client within one minute.",
    "A Lighthouse score of 90 or more for performance, accessibility and search.",
};
constexpr TaskPattern landing_tasks[] = {
    {"scope", "Design", "high", 2, "Agree on goal, message and scope with the client",
     "Go through the onboarding answers with the client, settle the one action that the page is for, and list the texts and pictures that the client will send. Done when the list is confirmed in writing.",
     "", About::success},
    {"wireframe", "Design", "high", 3, "Sketch the page section by section",
     "Draw the order and content of all sections at phone and desktop width, without colours, and have them approved.", "scope", About::features},
    {"style", "Design", "high", 5, "Design the finished page",
     "Choose type, colours and pictures and draw the whole page at 360 and 1280 pixels, with the states of buttons and form fields. Done when the client has approved it.",
     "wireframe branding", About::design},
    {"repository", "Deployment", "high", 2, "Set up repository, build and preview address",
     "Create the repository, and publish every change to a protected preview address that the client can open.", "", About::technical},
    {"data", "Database", "medium", 2, "Store what the form collects",
     "Define the table for enquiries with its constraints, and how long entries are kept.", "scope"},
    {"layout", "Frontend", "high", 3, "Build header, navigation and footer",
     "Build the page's frame with semantic HTML, from 360 pixels upwards, with the design's colours and type as variables.", "style repository"},
    {"opening", "Frontend", "high", 3, "Build the opening section with the call to action",
     "Build the first screen: promise, picture and main button, written for the people whom the page is meant for.", "layout", About::audience},
    {"parts", "Frontend", "high", 5, "Build the sections that explain and convince",
     "Build the remaining sections of the approved design in their order.", "layout", About::features},
    {"form", "Frontend", "medium", 2, "Build the enquiry form",
     "Build the form with labels, helpful error messages and a clear confirmation; it also works without JavaScript.", "opening"},
    {"server", "Backend", "high", 3, "Receive, check and store enquiries",
     "Check every field on the server, refuse automated spam, store the enquiry once even when it is sent twice.", "data repository"},
    {"mail", "Backend", "medium", 2, "Send enquiries by e-mail",
     "Send each enquiry to the client and a confirmation to the sender; what cannot be sent at once is tried again.", "server"},
    {"content", "Frontend", "medium", 2, "Set the final texts and pictures",
     "Put in what the client delivered, with alternative texts, page title, description and preview picture for sharing.", "opening parts writing"},
    {"speed", "Frontend", "medium", 2, "Make the page fast on a phone",
     "Compress pictures and fonts and defer what is not seen at first, until the page opens within 2.5 seconds on 4G.", "content"},
    {"test", "Testing", "high", 2, "Test the form from the first click to the e-mail",
     "Send right, wrong, empty and repeated enquiries, with and without JavaScript; each ends in one stored row and one e-mail, or in a clear message.", "form mail"},
    {"devices", "Testing", "medium", 2, "Test on phones, by keyboard and with a screen reader",
     "Check the page on two phones, a tablet and the four main browsers, without a mouse, and at 200 % zoom; mend what is found.", "content form"},
    {"launch", "Deployment", "high", 2, "Put the page online under its domain",
     "Point the domain at the page, switch on HTTPS and monitoring, and send a real enquiry.", "test devices speed"},
    {"handover", "Deployment", "low", 1, "Hand over and explain the page",
     "Give the client the sources, accesses and a one-page guide, and go through it together.", "launch"},
};

// ---- Business website

constexpr string_view business_audience[] = {
    "People who heard of the business and look for what it offers, where it is, when it is open and what it costs.",
    "Customers who come back for a telephone number, a form or news.",
    "Applicants, partners and suppliers who want to know whom they deal with.",
    "The client's staff, who keep texts and pictures up to date.",
};
constexpr string_view business_features[] = {
    "Pages for what the business is, what it offers and how to reach it, with one navigation that shows where one is.",
    "A contact form with delivery by e-mail, and address, telephone number and opening hours on every page.",
    "Texts and pictures that the staff can change without a developer.",
    "A page for data privacy, and one that is shown when something was not found.",
};
constexpr string_view business_technical[] = {
    "Pages are rendered on the server or ahead of time, served over HTTPS, and readable without JavaScript.",
    "Each page opens within 2.5 seconds on a mid-range phone over 4G.",
    "A daily backup that has been restored once as a rehearsal.",
    "Personal data is handled under the Data Privacy Act of 2012 (RA 10173).",
};
constexpr string_view business_design[] = {
    "One set of components (buttons, cards, forms, tables) that all pages are built from.",
    "Text contrast of at least 4.5 : 1, visible focus, and layouts from 360 pixels upwards.",
};
constexpr string_view business_success[] = {
    "The number of enquiries by form and telephone doubles within three months.",
    "The business is found by its name and its main service on the first page of results within three months.",
    "The staff change a text by themselves within five minutes.",
    "A Lighthouse score of 90 or more on every page.",
};
constexpr TaskPattern business_tasks[] = {
    {"scope", "Design", "high", 4, "Agree on pages, goals and responsibilities",
     "Go through the onboarding answers with the client, settle the site map, and who delivers which text and picture by when. Done when it is confirmed in writing.",
     "", About::success},
    {"wireframe", "Design", "high", 8, "Sketch every kind of page",
     "Draw home, offer, about, contact and standard page at phone and desktop width, and have the navigation approved.", "scope", About::features},
    {"style", "Design", "high", 10, "Design the look and its components",
     "Set type, colours, spacing and pictures, and draw the components and the home page with them. Done when the client has approved it.", "wireframe branding", About::design},
    {"repository", "Deployment", "high", 3, "Set up repository, build and preview address",
     "Create the repository, run the checks on every change, and publish each to a protected preview address.", "", About::technical},
    {"data", "Database", "high", 6, "Model pages, media and enquiries",
     "Define tables with constraints for what the staff will edit and what the form collects, with migrations that can be repeated.", "wireframe"},
    {"server", "Backend", "high", 8, "Serve pages and their content",
     "Deliver pages, menus and media from the database with caching, and a proper answer for what does not exist.", "data repository"},
    {"editing", "Backend", "high", 9, "Let the staff edit texts and pictures",
     "Build sign-in for staff and a plain editor with preview and earlier versions.", "server"},
    {"layout", "Frontend", "high", 8, "Build header, navigation, footer and components",
     "Build the frame and the component set with semantic HTML, from 360 pixels upwards.", "style repository"},
    {"opening", "Frontend", "high", 6, "Build the home page",
     "Build the home page for the people whom the business wants to reach: what it offers, proof, and the way to get in touch.", "layout", About::audience},
    {"parts", "Frontend", "high", 10, "Build the inner pages",
     "Build the remaining pages of the site map from the components.", "layout server", About::features},
    {"form", "Frontend", "medium", 4, "Build the contact page and its form",
     "Build the form with clear error messages, and address, opening hours and telephone number that can be tapped.", "layout"},
    {"mail", "Backend", "medium", 4, "Store contact requests and send them by e-mail",
     "Check on the server, keep spam out, store once, send to the client and confirm to the sender; failed mail is tried again.", "server"},
    {"content", "Frontend", "medium", 6, "Put in texts and pictures",
     "Enter what the client delivered, with alternative texts, titles and descriptions, and have every page proof-read.", "opening parts editing writing"},
    {"speed", "Frontend", "medium", 3, "Make every page fast on a phone",
     "Compress pictures and fonts, set cache headers, and measure each kind of page until it opens within 2.5 seconds on 4G.", "content"},
    {"test", "Testing", "high", 4, "Test forms, links and editing",
     "Run through each form with right and wrong input, check every link, and edit a page as the staff would.", "content form mail"},
    {"devices", "Testing", "medium", 4, "Test on devices, by keyboard and with a screen reader",
     "Check all kinds of pages on two phones, a tablet and the four main browsers, without a mouse, and at 200 % zoom; mend what is found.", "content"},
    {"launch", "Deployment", "high", 3, "Put the site online under its domain",
     "Point the domain, switch on HTTPS, backups and monitoring, redirect old addresses, and check e-mail delivery.", "test devices speed"},
    {"handover", "Deployment", "low", 3, "Train the staff and hand over",
     "Show the staff how to edit, give them a short guide and all accesses, and watch the first two weeks.", "launch"},
};

// ---- Shop

constexpr string_view shop_audience[] = {
    "Shoppers on a phone who compare, want to see price, stock and delivery cost at once, and pay by GCash, Maya, card or on delivery.",
    "Returning customers who look for an order or want the same again.",
    "The client's staff, who keep products and stock right and send out orders every day.",
};
constexpr string_view shop_features[] = {
    "A catalogue by categories with search and filters, and product pages with variants, price, stock and pictures.",
    "A cart that survives closing the browser, and a checkout without forced registration.",
    "Payment online, with an order that is only confirmed when the payment is.",
    "Order confirmation and status by e-mail, and a page where an order can be followed.",
    "An administration for products, stock, orders and refunds.",
};
constexpr string_view shop_technical[] = {
    "Prices, totals and stock are computed on the server; the browser only shows them.",
    "Card numbers never reach the shop's own servers; payment notices are verified and processed exactly once.",
    "Stock cannot be sold twice, also when two people buy at the same moment.",
    "Category and product pages open within 2.5 seconds on a mid-range phone over 4G.",
    "Daily backups; personal data is handled under the Data Privacy Act of 2012 (RA 10173).",
};
constexpr string_view shop_design[] = {
    "Product pictures in one format and light; price and button always in sight on a phone.",
    "A checkout of at most three steps, with errors beside the field and no distraction.",
    "Text contrast of at least 4.5 : 1, visible focus, and layouts from 360 pixels upwards.",
};
constexpr string_view shop_success[] = {
    "At least 2 of 100 visits end in an order after three months.",
    "Less than 65 % of the filled carts are left.",
    "No order without payment and no payment without order, checked daily.",
    "The staff publish a new product within ten minutes.",
};
constexpr TaskPattern shop_tasks[] = {
    {"scope", "Design", "high", 6, "Agree on assortment, payment, delivery and goals",
     "Go through the onboarding answers with the client and settle products and variants, ways to pay and to deliver, taxes, returns and figures to reach. Done when it is confirmed in writing.",
     "", About::success},
    {"wireframe", "Design", "high", 12, "Sketch the way from search to confirmation",
     "Draw catalogue, product, cart, checkout and order pages at phone and desktop width, and try them with two people from outside.", "scope", About::features},
    {"style", "Design", "high", 14, "Design the shop and its components",
     "Set type, colours and picture format, and draw product card, product page and checkout with all states. Done when the client has approved it.", "wireframe branding", About::design},
    {"repository", "Deployment", "high", 5, "Set up repository, checks and a staging shop",
     "Create the repository, run the tests on every change, and publish to a staging shop with test payment.", "", About::technical},
    {"data", "Database", "high", 12, "Model products, variants, prices and stock",
     "Define tables and constraints for the catalogue, with money as whole centavos and stock that cannot fall below zero.", "scope"},
    {"orders", "Database", "high", 10, "Model carts, orders and payments",
     "Define orders as they were at the moment of purchase, with status words, payments and refunds that add up, and a history of changes.", "data"},
    {"server", "Backend", "high", 14, "Serve the catalogue with search and filters",
     "Deliver categories, products and search results with paging and caching.", "data repository"},
    {"cart", "Backend", "high", 14, "Compute cart, totals and stock reservations",
     "Compute totals on the server, reserve stock for the time of the checkout, and release it when payment does not come.", "orders server"},
    {"payment", "Backend", "high", 18, "Take payments and confirm orders",
     "Connect the payment provider for GCash, Maya and cards, verify its notices, process each once, and reconcile what was missed.", "cart"},
    {"layout", "Frontend", "high", 10, "Build header, navigation and components",
     "Build the frame, the menu with categories, and the component set, from 360 pixels upwards.", "style repository"},
    {"opening", "Frontend", "high", 10, "Build home page and product lists",
     "Build the home page, category pages, search and filters for the shoppers whom the client wants to reach.", "layout server", About::audience},
    {"parts", "Frontend", "high", 12, "Build the product page",
     "Build pictures, variants, price, stock and delivery information, and whatever else the client asked for on it.", "layout server", About::features},
    {"form", "Frontend", "high", 16, "Build cart and checkout",
     "Build a cart that can be changed in place and a checkout of three steps, with errors beside the field, usable by keyboard.", "layout cart"},
    {"editing", "Backend", "high", 18, "Build the administration of products and orders",
     "Let the staff sign in, edit products and stock, see and change orders, print packing slips and refund.", "orders server"},
    {"mail", "Backend", "medium", 6, "Send order e-mails",
     "Send confirmation, payment, dispatch and refund messages; failed ones are tried again.", "payment"},
    {"content", "Frontend", "medium", 8, "Fill the shop with products and texts",
     "Enter or import the first assortment with pictures, and set terms, returns and privacy pages.", "editing opening parts writing"},
    {"test", "Testing", "high", 12, "Test every way through the checkout",
     "Buy with each way to pay, with failures, double clicks, lost connections and the last item in stock; orders, stock and payments add up each time.", "form payment mail"},
    {"devices", "Testing", "medium", 8, "Test devices, accessibility, speed and security",
     "Check on phones and the main browsers, by keyboard and screen reader, under load, and against the usual attacks; mend what is found.", "content form"},
    {"launch", "Deployment", "high", 6, "Open the shop under its domain",
     "Switch to live payment, domain, HTTPS, backups and monitoring, and place and refund a real order.", "test devices"},
    {"handover", "Deployment", "medium", 5, "Train the staff and watch the first weeks",
     "Go through a day's work with the staff, leave a guide, and look at orders and errors daily for two weeks.", "launch"},
};

// ---- Web application

constexpr string_view application_audience[] = {
    "People who do a recurring piece of work with it and want to finish it in few steps, on the device that they have.",
    "Those who answer for the work: they need an overview, figures and the certainty of who did what.",
    "Administrators, who give access and help others.",
};
constexpr string_view application_features[] = {
    "Sign-in, forgotten password, and accounts that an administrator can invite and switch off.",
    "Roles that decide who sees and changes what, checked on the server at every request.",
    "The core work of the application: creating, finding, changing and finishing its records.",
    "Lists with search, filters and export.",
    "A history of who changed what and when.",
};
constexpr string_view application_technical[] = {
    "A relational database with constraints for every rule that must always hold, and migrations that can be repeated.",
    "Every request is authorised on the server; passwords are hashed with Argon2id; sessions can be ended.",
    "95 of 100 requests are answered within 300 milliseconds with the expected number of users.",
    "Daily backups, restored once as a rehearsal; errors are reported to the agency before a user has to.",
    "Personal data is handled under the Data Privacy Act of 2012 (RA 10173).",
};
constexpr string_view application_design[] = {
    "Screens built from one set of components; the same thing looks and works the same everywhere.",
    "Each screen has its empty, loading, filled and failed state designed.",
    "Usable by keyboard alone, with text contrast of at least 4.5 : 1, from 360 pixels upwards.",
};
constexpr string_view application_success[] = {
    "The main piece of work takes half the time that it took before.",
    "At least 80 % of the intended users work with it every week after one month.",
    "Less than one error in 1,000 requests, and 99.5 % availability.",
};
constexpr TaskPattern application_tasks[] = {
    {"scope", "Design", "high", 14, "Understand the work and agree on the first version",
     "Watch or interview those who will use it, write down roles, records and rules, and settle what the first version must do. Done when it is confirmed in writing.",
     "", About::success},
    {"wireframe", "Design", "high", 20, "Sketch the main flows and try them",
     "Make a clickable sketch of the main flows for each role, try it with three users, and mend it.", "scope", About::audience},
    {"style", "Design", "high", 18, "Design the screens and their components",
     "Set type, colours and components with all states, and draw the main screens with real data.", "wireframe branding", About::design},
    {"repository", "Deployment", "high", 10, "Set up repository, checks and staging",
     "Create the repository, run tests and checks on every change, and deploy each to a staging system.", "", About::technical},
    {"data", "Database", "high", 18, "Model records, rules and roles",
     "Define tables with keys and constraints, and migrations that run forward and can be rehearsed on a copy.", "scope"},
    {"history", "Database", "medium", 10, "Keep a history of changes",
     "Record who changed what and when, without a way around it, and decide how long it is kept.", "data"},
    {"accounts", "Backend", "high", 20, "Build accounts, sign-in and sessions",
     "Invite, sign in, forgotten password, list and end of sessions, with attempts limited.", "data repository"},
    {"permissions", "Backend", "high", 14, "Check roles at every request",
     "State for each route which role may use it, refuse everything else, and test every combination.", "accounts"},
    {"server", "Backend", "high", 40, "Build the core of the application",
     "Build the operations on the main records with all their rules, each in one transaction, with errors that say what to do.", "permissions", About::features},
    {"lists", "Backend", "medium", 16, "Build search, filters and export",
     "Deliver lists with paging, search and filters that stay fast with ten times the expected data, and export to CSV.", "server"},
    {"layout", "Frontend", "high", 16, "Build frame, navigation and components",
     "Build the component set and the frame with navigation by role, usable by keyboard, from 360 pixels upwards.", "style repository"},
    {"form", "Frontend", "high", 10, "Build sign-in and account screens",
     "Build sign-in, invitation, password and profile with clear messages.", "layout accounts"},
    {"parts", "Frontend", "high", 40, "Build the screens of the core work",
     "Build the screens on which the main records are created, changed and finished, with their empty, loading and failed states.", "layout server", About::features},
    {"opening", "Frontend", "medium", 18, "Build overview and lists",
     "Build the start screen by role, and lists with search, filters and export.", "layout lists"},
    {"test", "Testing", "high", 22, "Test rules and flows automatically",
     "Write tests for each rule of the core and for the main flows in a browser; they run on every change.", "parts opening form"},
    {"acceptance", "Testing", "high", 14, "Try it with users and mend what they find",
     "Let users of each role do their real work on staging for a week, and mend what hinders them.", "parts opening form"},
    {"devices", "Testing", "medium", 12, "Test security, load and accessibility",
     "Test authorisation, injection and sessions, the expected load twice over, and the main screens by keyboard and screen reader.", "parts opening"},
    {"launch", "Deployment", "high", 12, "Bring it into production",
     "Set up production with HTTPS, backups, monitoring and error reports, rehearse a restore, and go live.", "test acceptance devices history"},
    {"handover", "Deployment", "medium", 10, "Train users and hand over",
     "Train each role, leave guides and all accesses, and watch figures and errors through the first month.", "launch"},
};

// ---- Whatever else

constexpr string_view generic_audience[] = {
    "Those for whom the client does this: what they want to reach, and on which device.",
    "The client's staff, who work with the result every day.",
};
constexpr string_view generic_features[] = {
    "What the description asks for, cut into parts that can be shown and approved one by one.",
    "A way for people to get in touch, with delivery by e-mail.",
    "Content that the staff can change by themselves.",
};
constexpr string_view generic_technical[] = {
    "Served over HTTPS, from 360 pixels of width upwards, in current versions of the main browsers.",
    "Pages open within 2.5 seconds on a mid-range phone over 4G.",
    "Daily backups; personal data is handled under the Data Privacy Act of 2012 (RA 10173).",
};
constexpr string_view generic_design[] = {
    "One set of components and one visual idea throughout.",
    "Text contrast of at least 4.5 : 1, visible focus, and targets of at least 44 pixels.",
};
constexpr string_view generic_success[] = {
    "The goal that was agreed at the start is measured from the first day, and reached within three months.",
    "A Lighthouse score of 90 or more for performance and accessibility.",
    "The client's staff work with the result without help.",
};
constexpr TaskPattern generic_tasks[] = {
    {"scope", "Design", "high", 6, "Agree on goal, scope and responsibilities",
     "Go through the onboarding answers with the client, settle what belongs to the first version, and who delivers what by when. Done when it is confirmed in writing.",
     "", About::success},
    {"wireframe", "Design", "high", 10, "Sketch the main screens",
     "Draw the main screens at phone and desktop width, and have them approved before anything is built.", "scope", About::audience},
    {"style", "Design", "high", 10, "Design the look and its components",
     "Set type, colours and components, and draw the main screens with them. Done when the client has approved it.", "wireframe branding", About::design},
    {"repository", "Deployment", "high", 4, "Set up repository, checks and preview address",
     "Create the repository, run the checks on every change, and publish each to a protected preview address.", "", About::technical},
    {"data", "Database", "high", 7, "Model the data",
     "Define tables, keys and constraints, and migrations that can be repeated.", "scope"},
    {"server", "Backend", "high", 12, "Build the core on the server",
     "Build the operations that the screens need, each checked on the server, with errors that say what to do.", "data repository", About::features},
    {"editing", "Backend", "medium", 8, "Let the staff edit content",
     "Build sign-in for staff and a plain editor with preview.", "server"},
    {"mail", "Backend", "medium", 4, "Receive requests and send e-mail",
     "Check and store what forms send, keep spam out, deliver by e-mail, and try again what failed.", "server"},
    {"layout", "Frontend", "high", 8, "Build frame, navigation and components",
     "Build the frame and the component set with semantic HTML, from 360 pixels upwards.", "style repository"},
    {"opening", "Frontend", "high", 6, "Build the first screen",
     "Build what people see first: what this is, for whom, and what to do next.", "layout"},
    {"parts", "Frontend", "high", 14, "Build the remaining screens",
     "Build the remaining screens of the approved design, with their empty and failed states.", "layout server", About::features},
    {"form", "Frontend", "medium", 4, "Build the forms",
     "Build the forms with labels, clear error messages and a confirmation.", "layout"},
    {"content", "Frontend", "medium", 5, "Put in texts and pictures",
     "Enter what the client delivered, with alternative texts and titles, and have it proof-read.", "opening parts writing"},
    {"test", "Testing", "high", 5, "Test the main flows",
     "Run through each flow with right, wrong and repeated input; mend what is found.", "content form mail"},
    {"devices", "Testing", "medium", 4, "Test on devices, by keyboard and with a screen reader",
     "Check on two phones, a tablet and the four main browsers, without a mouse, and at 200 % zoom; measure the loading time.", "content"},
    {"launch", "Deployment", "high", 4, "Go live",
     "Set up domain, HTTPS, backups and monitoring, and go through the main flow once more in production.", "test devices"},
    {"handover", "Deployment", "low", 3, "Hand over and explain",
     "Give the client the sources, accesses and a short guide, and go through it together.", "launch"},
};

// ---- Looking after a site

constexpr string_view care_audience[] = {
    "The site's visitors, who should notice nothing but a site that is there, fast and right.",
    "The client's staff, who need a person to ask and changes made in time.",
};
constexpr string_view care_features[] = {
    "Updates and security patches, tried on a copy before they reach the site.",
    "Backups kept outside the host and restored as a rehearsal.",
    "Monitoring around the clock, with a person who is told.",
    "A monthly allowance of small changes, and a list of what was done.",
};
constexpr string_view care_technical[] = {
    "Accesses are kept in a password store, by person, and withdrawn at the end.",
    "A staging copy on which every update is tried.",
    "The time to detect an outage is at most 5 minutes; to the first answer at most one working day.",
    "Personal data is handled under the Data Privacy Act of 2012 (RA 10173), with a data processing agreement.",
};
constexpr string_view care_design[] = {
    "Changes follow the site's own type, colours and components.",
    "Each change keeps or betters contrast, keyboard use and the layout at 360 pixels.",
};
constexpr string_view care_success[] = {
    "99.9 % availability over a quarter.",
    "No known security hole open for longer than a week.",
    "Each backup rehearsal restores the site within four hours.",
    "Requests are answered within one working day.",
};
constexpr TaskPattern care_tasks[] = {
    {"scope", "Design", "high", 4, "Take stock of the site and agree on the service",
     "Go through the site, its software and its state with the client, and settle what is watched, changed and reported, and who is called at night. Done when it is confirmed in writing.",
     "", About::features},
    {"repository", "Deployment", "high", 4, "Collect accesses and secure them",
     "Gather hosting, domain, administration and sources, change shared passwords, switch on two-factor sign-in, and store all by person.", "scope", About::technical},
    {"backup", "Deployment", "high", 6, "Set up backups outside the host",
     "Back up files and database daily to another provider, encrypted, and keep 30 days.", "repository"},
    {"restore", "Testing", "high", 5, "Rehearse a restore", "Restore the last backup on another machine, measure the time, and write down each step.", "backup"},
    {"watch", "Deployment", "high", 4, "Switch on monitoring and alerts",
     "Watch availability, certificate, domain expiry, forms and e-mail from outside, and try each alert once.", "repository"},
    {"staging", "Deployment", "medium", 6, "Set up a staging copy", "Make a copy of the site on which updates and changes are tried, without mail to real people and hidden from search engines.", "backup"},
    {"safety", "Testing", "high", 6, "Check the site for intruders and holes",
     "Compare the software with its originals, look for unknown accounts, files and redirects, and list known vulnerabilities by urgency.", "backup"},
    {"mend", "Backend", "high", 8, "Clean and mend what was found", "Remove what does not belong, close the holes, and repair what is broken, the most urgent first.", "safety staging", About::general},
    {"updates", "Backend", "high", 6, "Bring software and extensions up to date", "Update on staging, check the main pages and forms, then update the site; remove what is not used.", "staging safety"},
    {"tidy", "Database", "medium", 4, "Tidy the database", "Remove old revisions, sessions and spam, add missing indexes, and measure the slowest queries before and after.", "backup updates"},
    {"mail", "Backend", "medium", 3, "Check forms and the delivery of e-mail", "Send each form, and set SPF, DKIM and DMARC so that the messages arrive.", "updates"},
    {"speed", "Frontend", "medium", 6, "Make the slowest pages faster", "Measure the main pages on a phone over 4G, and compress, cache and defer until they open within 2.5 seconds.", "updates"},
    {"access", "Frontend", "medium", 5, "Mend the worst barriers", "Check the main pages by keyboard and screen reader, and mend contrast, labels and focus where it is worst.", "updates"},
    {"style", "Design", "low", 3, "Write down the site's look for later changes", "Record type, colours and components as they are, so that monthly changes fit in.", "scope", About::design},
    {"changes", "Frontend", "medium", 12, "Make the changes of each month", "Collect the client's requests, make them on staging, have them approved, and publish them; keep a list with the time spent.", "staging style", About::features},
    {"test", "Testing", "medium", 8, "Check the site every month", "Go through the main pages, forms and links, apply updates, and rehearse one restore a quarter.", "restore updates watch mend"},
    {"report", "Deployment", "low", 6, "Report every quarter", "Report availability, updates, changes, figures and recommendations in two pages, and go through them with the client.", "test changes speed", About::success},
};

constexpr Template all[] = {
    {"landing-page", "a single page that turns visitors into enquiries", landing_audience, landing_features, landing_technical, landing_design,
     landing_success, landing_tasks, "enquiries"},
    {"business-website", "a website that shows what a business offers and brings it enquiries", business_audience, business_features, business_technical,
     business_design, business_success, business_tasks, "enquiries editing"},
    {"e-commerce", "an online shop, from the catalogue to the paid and delivered order", shop_audience, shop_features, shop_technical, shop_design,
     shop_success, shop_tasks, "enquiries editing payment search stock"},
    {"web-application", "an application in the browser for a recurring piece of work", application_audience, application_features,
     application_technical, application_design, application_success, application_tasks, "enquiries accounts roles search"},
    {"care-plan", "a year of looking after a website", care_audience, care_features, care_technical, care_design, care_success, care_tasks,
     "enquiries editing payment search stock accounts roles moving seo analytics integrations"},
    {"", "a project of its own kind", generic_audience, generic_features, generic_technical, generic_design, generic_success, generic_tasks,
     "enquiries editing"},
};

}  // namespace

std::span<const Template> templates() { return all; }

const Template& template_for(std::string_view plan_template, std::string_view service) {
    if (plan_template.empty())
        for (const auto& word : words(service))
            if (word == "care" || word == "maintenance" || word == "support" || word == "retainer") plan_template = "care-plan";
    for (const Template& one : all)
        if (one.name == plan_template) return one;
    return all[std::size(all) - 1];
}

}  // namespace domain
