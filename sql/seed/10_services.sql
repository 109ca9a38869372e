-- The services that the demo agency sells, in pesos. Written over by name.
create temp table sold on commit drop as
select * from (values
    (10, 'Landing Page', 15000, '1-2 weeks', false, 'landing-page',
     'One page with one goal: a product launch, a list of leads, a full event. Written, designed, built and measured.',
     '["One long page, up to 8 sections","Copy edited with you, in English or Filipino","Contact or sign-up form to your inbox","Loads in under 2 seconds on mobile data","Google Analytics and search basics set up","2 rounds of revisions"]'),
    (20, 'Business Website', 35000, '3-4 weeks', true, 'business-website',
     'The site that customers check before they call: who you are, what you offer, where to find you, and why to trust you.',
     '["Up to 8 pages, designed for phones first","You edit text and pictures yourself","Contact form, map and click-to-call","Blog or news section if you want one","On-page SEO and Google Business Profile set-up","Training call and written guide","3 rounds of revisions"]'),
    (30, 'E-commerce Store', 85000, '6-8 weeks', false, 'e-commerce',
     'Sell online with GCash, Maya and cards: catalogue, cart, checkout, courier rates and the order desk behind them.',
     '["Up to 100 products loaded for you","GCash, Maya and card payments","Courier rates by region, cash on delivery if you offer it","Stock, discounts and order e-mails","Order desk for your staff","Product and sales reports","3 rounds of revisions"]'),
    (40, 'Web Application', 180000, '10-14 weeks', false, 'web-application',
     'Software of your own in the browser: bookings, inventory, a client portal, an internal tool. Planned with you and built in stages you can try.',
     '["Workshop, requirements and clickable prototype","Accounts with roles and permissions","Dashboards, reports and exports","Connections to the services you use","Automated tests and a staging site","Demo every two weeks","60 days of support after launch"]'),
    (50, 'Website Care Plan', 30000, '12 months', false, null,
     'A year of looking after the site you have: updates, backups, monitoring, small changes every month, and a person who answers.',
     '["Updates and security patches every week","Daily backups, tested every month","Uptime watched around the clock","2 hours of changes a month","Answer within one working day","Report every quarter"]')
) v (sort_order, name, base_price, timeline, popular, plan_template, description, features);

update service_types s
   set description = v.description, base_price = v.base_price, features = v.features::jsonb, timeline = v.timeline, popular = v.popular,
       is_active = true, sort_order = v.sort_order, plan_template = v.plan_template, updated_at = now()
  from sold v where s.name = v.name;
insert into service_types (name, description, base_price, features, timeline, popular, sort_order, plan_template)
select name, description, base_price, features::jsonb, timeline, popular, sort_order, plan_template
  from sold v where not exists (select from service_types s where s.name = v.name)
 order by sort_order;
